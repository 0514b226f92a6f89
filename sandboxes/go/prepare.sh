#!/bin/sh
# prepare.sh FOLDER: compiles, once per toolchain, what every Go program uses into FOLDER/cache, readable by all.
# The environment must be the compile step's (language.toml), or the cache does not fit.
set -eu
[ -d "${GOPATH:-}/src/github.com/stretchr/testify" ] || {
    echo "testify is not in ${GOPATH:-GOPATH}: sudo apt-get install golang-github-stretchr-testify-dev" >&2
    exit 1
}
mkdir -p "$1/cache"
GOCACHE=$(cd "$1/cache" && pwd)
export GOCACHE
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/warm_test.go" <<'GO'
package main

import (
	_ "bufio"
	_ "bytes"
	_ "container/heap"
	_ "container/list"
	_ "crypto/md5"
	_ "crypto/sha256"
	_ "encoding/hex"
	_ "encoding/json"
	_ "errors"
	_ "fmt"
	_ "math"
	_ "math/big"
	_ "math/bits"
	_ "math/cmplx"
	_ "math/rand"
	_ "os"
	_ "reflect"
	_ "regexp"
	_ "sort"
	_ "strconv"
	_ "strings"
	_ "sync"
	_ "testing"
	_ "time"
	_ "unicode"
	_ "unicode/utf8"

	_ "github.com/stretchr/testify/assert"
)
GO
cd "$work"
go build std
go test -exec true warm_test.go
chmod -R a+rX "$GOCACHE"
