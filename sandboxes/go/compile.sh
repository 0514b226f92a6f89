#!/bin/sh
# compile.sh MAIN_TEST_GO: compiles and vets the program as `go test` does and leaves ./main.test without running it
# (`-exec true` runs it in name only; `go test -c` would not vet).
wrappers=$(dirname "$0")
# A program that knew the name of what holds the secret could use it: it belongs to the same package.
hidden=harness$(od -An -N12 -tx8 /dev/urandom | tr -d ' \n')
sed "s/HIDDEN/$hidden/g" "$wrappers/start_test.go" >a_start_test.go
# The standard library and testify, compiled: made by prepare.sh. Go only reads it. Without it each program takes some
# ten CPU seconds more.
if [ -d "$wrappers/prepared/cache" ]; then
    GOCACHE=$(cd "$wrappers/prepared/cache" && pwd)
else
    GOCACHE=$PWD/.cache
fi
export GOCACHE
exec go test -ldflags="-s -w" -o main.test -exec true a_start_test.go "$1"
