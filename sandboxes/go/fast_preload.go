// Joins package noder of the compiler (fast_compiler.go): packages that are read before there is a program.

package noder

import (
	"cmd/compile/internal/base"
	"cmd/compile/internal/ir"
	"cmd/compile/internal/types2"
	"cmd/internal/goobj"
)

// Packages as the type checker sees them, and the fingerprints of those that were read.
var (
	preloadedPackages = make(map[string]*types2.Package)
	preloaded         = make(map[string]goobj.FingerprintType)
)

// Preload reads those packages. They are not imported yet: readImportFile, patched, does the rest when one is.
func Preload(paths []string) {
	for _, path := range paths {
		pkg, _, err := readImportFile(path, new(ir.Package), nil, preloadedPackages)
		if err != nil {
			base.Fatalf("preload %s: %v", path, err)
		}
		pkg.Direct = false
	}
	for _, one := range base.Ctxt.Imports {
		preloaded[one.Pkg] = one.Fingerprint
	}
	base.Ctxt.Imports = nil
}
