#!/bin/sh
# prepare_compiler.sh FILE: builds the compiler that fast.py starts programs with (fast_compiler.go). The environment must
# be the compile step's (language.toml).
set -eu
wrappers=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 "$wrappers/patch_compiler.py" "$(go env GOROOT)" "$work"
mkdir -p "$(dirname "$1")"
GOCACHE=$work/cache go build -overlay "$work/overlay.json" -ldflags="-s -w" -o "$1" cmd/compile
