"""Writes, into a folder, the compiler's files that differ for fast_compiler.go, and an overlay for `go build` of them.

Usage: patch_compiler.py GOROOT FOLDER
"""

import json
import os
import sys

PATCHES = {
    # A process that has other threads may not fork. With GOMAXPROCS=1 there are only the one that watches the others,
    # and one for what runs while the first is bound to the initialisation.
    "runtime/proc.go": [
        ('\tif GOARCH != "wasm" { // no threads on wasm yet, so no sysmon\n', "\tif false {\n"),
        ("\tlockOSThread()\n\n\tif g.m != &m0 {\n", "\tif g.m != &m0 {\n"),
        ("\tneedUnlock := true\n", "\tneedUnlock := false\n"),
        ("\tneedUnlock = false\n\tunlockOSThread()\n", "\tneedUnlock = false\n"),
    ],
    "cmd/compile/internal/gc/main.go": [
        ("\tnoder.LoadPackage(flag.Args())\n", "\tserve()\n\tnoder.LoadPackage(flag.Args())\n"),
    ],
    "cmd/compile/internal/noder/irgen.go": [
        ("\t\tpackages: make(map[string]*types2.Package),\n", "\t\tpackages: preloadedPackages,\n"),
    ],
    "cmd/compile/internal/noder/import.go": [
        (
            "\tif packages != nil {\n\t\tpkg2 = packages[path]\n",
            "\tif fingerprint, ok := preloaded[path]; ok && !pkg1.Direct {\n"
            "\t\tpkg1.Direct = true\n"
            "\t\ttarget.Imports = append(target.Imports, pkg1)\n"
            "\t\tbase.Ctxt.AddImport(path, fingerprint)\n"
            "\t\treturn pkg1, packages[path], nil\n"
            "\t}\n"
            "\tif packages != nil {\n\t\tpkg2 = packages[path]\n",
        ),
    ],
}
ADDED = {
    "cmd/compile/internal/gc/fast_compiler.go": "fast_compiler.go",
    "cmd/compile/internal/noder/fast_preload.go": "fast_preload.go",
}


def main(goroot, folder):
    """Write them. Fails if a line to be changed is not there exactly once: another version of Go."""
    source = os.path.realpath(f"{goroot}/src")
    here = os.path.dirname(os.path.abspath(__file__))
    overlay = {f"{goroot}/src/{name}": f"{here}/{added}" for name, added in ADDED.items()}
    for name, changes in PATCHES.items():
        with open(f"{source}/{name}", encoding="utf-8") as file:
            text = file.read()
        for old, new in changes:
            if text.count(old) != 1:
                sys.exit(f"{name} has {text.count(old)} times, not once: {old!r}")
            text = text.replace(old, new)
        patched = f"{folder}/{name.replace('/', '_')}"
        with open(patched, "w", encoding="utf-8") as file:
            file.write(text)
        overlay[f"{goroot}/src/{name}"] = patched
    with open(f"{folder}/overlay.json", "w", encoding="utf-8") as file:
        json.dump({"Replace": overlay}, file)


if __name__ == "__main__":
    main(*sys.argv[1:])
