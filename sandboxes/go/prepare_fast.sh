#!/bin/sh
# prepare_fast.sh FOLDER SLOTS: makes, once per toolchain, what fast.py needs for batches of so many programs. The
# environment must be the compile step's (language.toml), and prepare.sh must have run.
set -eu
wrappers=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
folder=$(cd "$1" && pwd)
GOCACHE=$wrappers/prepared/cache
export GOCACHE
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Testify without its functions about HTTP and YAML, which need half of the standard library: a program that uses them
# does not compile here.
assert=src/github.com/stretchr/testify/assert
mkdir -p "$folder/$assert"
go build -o "$work/slim" "$wrappers/fast_slim.go"
"$work/slim" "$GOPATH/$assert" "$folder/$assert" net/http net/http/httptest net/url gopkg.in/yaml.v3

# What `go test` itself hands to compiler, vet and linker for a program that imports everything. The second time, since
# it names files in the cache only if these were there before.
mkdir "$work/all"
{
    echo 'package main'
    go list std | grep -Ev '(^|/)(internal|vendor|cmd)(/|$)|^runtime/(race|msan|asan|cgo)$|^unsafe$' |
        sed 's/.*/import _ "&"/'
    echo 'import _ "github.com/stretchr/testify/assert"'
} >"$work/all/all_test.go"
(cd "$work/all" && GOPATH="$folder:$GOPATH" go test -exec true all_test.go)
echo '// The second time.' >>"$work/all/all_test.go"
(cd "$work/all" && GOPATH="$folder:$GOPATH" TMPDIR=$work go test -work -exec true all_test.go)
settings=$(grep -l '"ID": "command-line-arguments"' "$work"/go-build*/*/vet.cfg)
grep -v '"VetxOutput"' "$settings" >"$folder/vet.cfg"
cp "$(dirname "$settings")/importcfg" "$folder/importcfg"
grep '^packagefile' "$work"/go-build*/b001/importcfg.link | grep -v '^packagefile command-line-arguments' \
    >"$folder/importcfg.link"
if grep -F "$work/go-build" "$folder/vet.cfg" "$folder/importcfg" "$folder/importcfg.link"; then
    echo "these files are not in the cache" >&2
    exit 1
fi

# The analyzers, of the toolchain's own source.
tools=src/golang.org/x/tools
mkdir -p "$work/vet/src/golang.org"
cp -r "$(go env GOROOT)/src/cmd/vendor/golang.org/x" "$work/vet/src/golang.org/"
mkdir "$work/vet/$tools/go/analysis/humanevalx"
cp "$wrappers/fast_vet.go" "$work/vet/$tools/go/analysis/humanevalx/main.go"
GOPATH=$work/vet go build -ldflags="-s -w" -o "$folder/vet" golang.org/x/tools/go/analysis/humanevalx

# The package that keeps all programs of a batch but one from being initialised.
{
    cat "$wrappers/fast_guard.go"
    number=0
    while [ "$number" -lt "$2" ]; do
        printf '\n//go:linkname task%d command-line-arguments/%d..inittask\nvar task%d Task\n' $number $number $number
        number=$((number + 1))
    done
    printf '\nvar Tasks = [...]*Task{\n'
    number=0
    while [ "$number" -lt "$2" ]; do
        printf '\t&task%d,\n' $number
        number=$((number + 1))
    done
    echo '}'
} >"$work/guard.go"
go tool compile -p humanevalx/guard -importcfg "$folder/importcfg.link" -pack -o "$folder/guard.a" "$work/guard.go"
echo "packagefile humanevalx/guard=$folder/guard.a" >>"$folder/importcfg.link"
cp "$wrappers/fast_main.go" "$folder/"
ln -s "$(go env GOTOOLDIR)" "$folder/tools"
chmod -R a+rX "$folder" "$GOCACHE"
