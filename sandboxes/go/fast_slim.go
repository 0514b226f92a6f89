// slim FROM TO IMPORT...: copies a Go package without the functions that need those imports, and without what needs
// these. Lines stay where they are, so that traces name the same ones.

package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"log"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

type source struct {
	name string
	text []byte
	file *ast.File
}

// The path of an import, and the name that the file knows it by.
func described(spec *ast.ImportSpec) (string, string) {
	from, err := strconv.Unquote(spec.Path.Value)
	if err != nil {
		log.Fatal(err)
	}
	if spec.Name != nil {
		return from, spec.Name.Name
	}
	return from, path.Base(from)
}

func main() {
	log.SetFlags(0)
	from, to := os.Args[1], os.Args[2]
	unwanted := map[string]bool{}
	for _, one := range os.Args[3:] {
		unwanted[one] = true
	}
	files := token.NewFileSet()
	paths, err := filepath.Glob(filepath.Join(from, "*.go"))
	if err != nil || len(paths) == 0 {
		log.Fatalf("no Go files in %s: %v", from, err)
	}
	var sources []source
	for _, one := range paths {
		if strings.HasSuffix(one, "_test.go") {
			continue
		}
		text, err := os.ReadFile(one)
		if err != nil {
			log.Fatal(err)
		}
		file, err := parser.ParseFile(files, one, text, parser.ParseComments)
		if err != nil {
			log.Fatal(err)
		}
		sources = append(sources, source{filepath.Base(one), text, file})
	}
	cut := map[ast.Node]bool{}
	lost := map[string]bool{} // functions that are cut
	for again := true; again; {
		again = false
		for _, one := range sources {
			imported := map[string]bool{}
			for _, spec := range one.file.Imports {
				if from, name := described(spec); unwanted[from] {
					imported[name] = true
				}
			}
			for _, declaration := range one.file.Decls {
				function, isFunction := declaration.(*ast.FuncDecl)
				if isFunction && !cut[function] && needs(function, imported, lost) {
					cut[function], again = true, true
					if function.Recv == nil {
						lost[function.Name.Name] = true
					}
				}
			}
		}
	}
	for _, one := range sources {
		used := map[string]bool{}
		ast.Inspect(one.file, func(node ast.Node) bool {
			if selector, ok := node.(*ast.SelectorExpr); ok {
				if name, ok := selector.X.(*ast.Ident); ok {
					used[name.Name] = true
				}
			}
			return !cut[node]
		})
		for _, spec := range one.file.Imports {
			if _, name := described(spec); !used[name] {
				cut[spec] = true
			}
		}
		ast.Inspect(one.file, func(node ast.Node) bool {
			if node == nil || !cut[node] {
				return true
			}
			for i := files.Position(node.Pos()).Offset; i < files.Position(node.End()).Offset; i++ {
				if one.text[i] != '\n' {
					one.text[i] = ' '
				}
			}
			return false
		})
		if err := os.WriteFile(filepath.Join(to, one.name), one.text, 0o644); err != nil {
			log.Fatal(err)
		}
	}
}

// Whether a function names one of those imports or functions.
func needs(function *ast.FuncDecl, imported, lost map[string]bool) bool {
	found := false
	ast.Inspect(function, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.SelectorExpr:
			if name, ok := node.X.(*ast.Ident); ok && imported[name.Name] {
				found = true
			}
		case *ast.Ident:
			if lost[node.Name] && node != function.Name {
				found = true
			}
		}
		return true
	})
	return found
}
