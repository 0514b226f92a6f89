// Examines many programs in one process: vets each as `go test` does, with the same analyzers (of the toolchain's own
// source), and says which tests it has, or why it cannot be judged together with others. Built by prepare_fast.sh
// beside golang.org/x/tools/go/analysis/unitchecker, whose steps it repeats, the imports being read once for all.
//
// Usage: vet VET_CFG    stdin: a JSON array of sources; stdout: a JSON array of {"tests": [...]} or {"why": "..."}
// VET_CFG is the configuration that `go test` has written for a program that imports everything.

package main

import (
	"encoding/gob"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/build"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"log"
	"os"
	"reflect"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/internal/facts"
	"golang.org/x/tools/go/analysis/passes/atomic"
	"golang.org/x/tools/go/analysis/passes/bools"
	"golang.org/x/tools/go/analysis/passes/buildtag"
	"golang.org/x/tools/go/analysis/passes/ctrlflow"
	"golang.org/x/tools/go/analysis/passes/errorsas"
	"golang.org/x/tools/go/analysis/passes/ifaceassert"
	"golang.org/x/tools/go/analysis/passes/nilfunc"
	"golang.org/x/tools/go/analysis/passes/printf"
	"golang.org/x/tools/go/analysis/passes/stringintconv"
	"golang.org/x/tools/go/analysis/unitchecker"
)

// What cmd/go/internal/test calls defaultVetFlags.
var analyzers = []*analysis.Analyzer{
	atomic.Analyzer,
	bools.Analyzer,
	buildtag.Analyzer,
	errorsas.Analyzer,
	ifaceassert.Analyzer,
	nilfunc.Analyzer,
	printf.Analyzer,
	stringintconv.Analyzer,
}

// What would show a program the path of its package or of its binary, which differ from those of `go test`.
var telling = map[string]bool{
	"os.Executable":               true,
	"reflect.PkgPath":             true,
	"runtime.Caller":              true,
	"runtime.Callers":             true,
	"runtime.CallersFrames":       true,
	"runtime.FuncForPC":           true,
	"runtime.Stack":               true,
	"runtime/debug.PrintStack":    true,
	"runtime/debug.ReadBuildInfo": true,
	"runtime/debug.Stack":         true,
}

// What gives a program ways around the language, is not settled by the source alone, or writes paths of packages.
var unsafeImports = map[string]bool{"C": true, "embed": true, "encoding/gob": true, "plugin": true, "unsafe": true}

var directives = []string{"//go:", "//line ", "/*line ", "//export ", "//+build", "// +build"}

type answer struct {
	Tests []string `json:"tests"`
	Why   string   `json:"why"`
}

type examiner struct {
	settings unitchecker.Config
	files    *token.FileSet
	imports  types.Importer
	sizes    types.Sizes
}

func main() {
	log.SetFlags(0)
	text, err := os.ReadFile(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	one := &examiner{files: token.NewFileSet(), sizes: types.SizesFor("gc", build.Default.GOARCH)}
	if err := json.Unmarshal(text, &one.settings); err != nil {
		log.Fatal(err)
	}
	one.imports = importer.ForCompiler(one.files, "gc", func(path string) (io.ReadCloser, error) {
		file, ok := one.settings.PackageFile[path]
		if !ok {
			return nil, fmt.Errorf("no package file for %q", path)
		}
		return os.Open(file)
	})
	registerFacts(analyzers)
	registerFacts([]*analysis.Analyzer{ctrlflow.Analyzer}) // not of `go test`, but in the standard library's facts
	var sources []string
	if err := json.NewDecoder(os.Stdin).Decode(&sources); err != nil {
		log.Fatal(err)
	}
	answers := make([]answer, len(sources))
	for i, source := range sources {
		tests, err := one.examine(source)
		if err != nil {
			answers[i].Why = err.Error()
		} else {
			answers[i].Tests = tests
		}
	}
	if err := json.NewEncoder(os.Stdout).Encode(answers); err != nil {
		log.Fatal(err)
	}
}

func registerFacts(analyzers []*analysis.Analyzer) {
	for _, one := range analyzers {
		for _, fact := range one.FactTypes {
			gob.Register(fact)
		}
		registerFacts(one.Requires)
	}
}

// The tests of a program. An error if it must be judged alone, be it that vet objects.
func (e *examiner) examine(source string) (tests []string, err error) {
	defer func() {
		if problem := recover(); problem != nil {
			err = fmt.Errorf("vet fails: %v", problem)
		}
	}()
	file, err := parser.ParseFile(e.files, "main_test.go", source, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	if err := e.isPlain(file); err != nil {
		return nil, err
	}
	configuration := &types.Config{Importer: e, Sizes: e.sizes}
	info := &types.Info{
		Types:      make(map[ast.Expr]types.TypeAndValue),
		Defs:       make(map[*ast.Ident]types.Object),
		Uses:       make(map[*ast.Ident]types.Object),
		Implicits:  make(map[ast.Node]types.Object),
		Scopes:     make(map[ast.Node]*types.Scope),
		Selections: make(map[*ast.SelectorExpr]*types.Selection),
		Instances:  make(map[*ast.Ident]types.Instance),
	}
	files := []*ast.File{file}
	checked, err := configuration.Check(e.settings.ImportPath, e.files, files, info)
	if err != nil {
		return nil, err
	}
	if err := e.vet(files, checked, info); err != nil {
		return nil, err
	}
	for _, used := range info.Uses {
		if from := used.Pkg(); from != nil && telling[from.Path()+"."+used.Name()] {
			return nil, fmt.Errorf("%s tells where the program lies", used.Name())
		}
	}
	if namesItsPackage(checked, info) {
		return nil, fmt.Errorf("names of its generic types hold the package's path")
	}
	return testsOf(file, info)
}

// Import as unitchecker does, for a program.
func (e *examiner) Import(path string) (*types.Package, error) {
	resolved, ok := e.settings.ImportMap[path]
	if !ok {
		return nil, fmt.Errorf("import of %q", path)
	}
	return e.imports.Import(resolved)
}

// Whether nothing but the language's own rules says what the program is and does.
func (e *examiner) isPlain(file *ast.File) error {
	if file.Name.Name != "main" {
		return fmt.Errorf("package %s", file.Name.Name)
	}
	for _, spec := range file.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if err != nil || unsafeImports[path] || spec.Name != nil && spec.Name.Name == "." {
			return fmt.Errorf("import of %s", spec.Path.Value)
		}
	}
	for _, group := range file.Comments {
		for _, comment := range group.List {
			for _, directive := range directives {
				if strings.HasPrefix(comment.Text, directive) {
					return fmt.Errorf("comment %q", comment.Text)
				}
			}
		}
	}
	return nil
}

// Whether the name of a type may hold the package's path: it does where a generic type has one of the package's as an
// argument, in the program's text or once a generic function has such an argument.
func namesItsPackage(checked *types.Package, info *types.Info) bool {
	hasTypes, hasOwn := false, false
	for name, instance := range info.Instances {
		if _, ok := info.Uses[name].(*types.TypeName); ok {
			hasTypes = true
		}
		for i := 0; i < instance.TypeArgs.Len(); i++ {
			types.TypeString(instance.TypeArgs.At(i), func(of *types.Package) string {
				hasOwn = hasOwn || of == checked
				return ""
			})
		}
	}
	return hasTypes && hasOwn
}

// An error if an analyzer objects.
func (e *examiner) vet(files []*ast.File, checked *types.Package, info *types.Info) error {
	known, err := facts.Decode(checked, func(path string) ([]byte, error) {
		if file, ok := e.settings.PackageVetx[path]; ok {
			return os.ReadFile(file)
		}
		return nil, nil
	})
	if err != nil {
		return err
	}
	results := map[*analysis.Analyzer]interface{}{}
	var run func(*analysis.Analyzer) error
	run = func(one *analysis.Analyzer) error {
		if _, ok := results[one]; ok {
			return nil
		}
		for _, required := range one.Requires {
			if err := run(required); err != nil {
				return err
			}
		}
		filter := map[reflect.Type]bool{}
		for _, fact := range one.FactTypes {
			filter[reflect.TypeOf(fact)] = true
		}
		var objection error
		result, err := one.Run(&analysis.Pass{
			Analyzer:   one,
			Fset:       e.files,
			Files:      files,
			Pkg:        checked,
			TypesInfo:  info,
			TypesSizes: e.sizes,
			ResultOf:   results,
			Report: func(found analysis.Diagnostic) {
				objection = fmt.Errorf("vet: %s: %s", one.Name, found.Message)
			},
			ImportObjectFact:  known.ImportObjectFact,
			ExportObjectFact:  known.ExportObjectFact,
			AllObjectFacts:    func() []analysis.ObjectFact { return known.AllObjectFacts(filter) },
			ImportPackageFact: known.ImportPackageFact,
			ExportPackageFact: known.ExportPackageFact,
			AllPackageFacts:   func() []analysis.PackageFact { return known.AllPackageFacts(filter) },
		})
		results[one] = result
		if err != nil {
			return err
		}
		return objection
	}
	for _, one := range analyzers {
		if err := run(one); err != nil {
			return err
		}
	}
	return nil
}

// The names of the tests, in order, as `go test` finds them. An error if it would run anything else.
func testsOf(file *ast.File, info *types.Info) ([]string, error) {
	tests := []string{}
	for _, declaration := range file.Decls {
		function, ok := declaration.(*ast.FuncDecl)
		if !ok || function.Recv != nil {
			continue
		}
		name := function.Name.Name
		for _, other := range []string{"Benchmark", "Fuzz", "Example"} {
			if isTest(name, other) {
				return nil, fmt.Errorf("function %s", name)
			}
		}
		if name == "TestMain" {
			return nil, fmt.Errorf("function %s", name)
		}
		if isTest(name, "Test") {
			if kind := info.Defs[function.Name].Type().String(); !isOfTests(kind) {
				return nil, fmt.Errorf("function %s of type %s", name, kind)
			}
			tests = append(tests, name)
		}
	}
	return tests, nil
}

func isOfTests(kind string) bool {
	open := strings.Index(kind, "(")
	return kind[:open+1] == "func(" && strings.HasSuffix(kind, "*testing.T)") && !strings.Contains(kind, ",")
}

// As in cmd/go/internal/load.
func isTest(name, prefix string) bool {
	if !strings.HasPrefix(name, prefix) {
		return false
	}
	if len(name) == len(prefix) {
		return true
	}
	first, _ := utf8.DecodeRuneInString(name[len(prefix):])
	return !unicode.IsLower(first)
}
