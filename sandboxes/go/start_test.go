// Compiled together with every Go program, as one of its test files, by compile.sh, which makes HIDDEN an unguessable
// name: runs the tests and, once they have all passed, proves it to the harness.
//
// Descriptor 3 carries one line, a secret, before the program starts. This file is the package's first and this
// variable its first, so it is initialised before any variable and init function of the program. A program with a
// TestMain of its own does not compile.

package main

import (
	"flag"
	"os"
	"strings"
	"syscall"
	"testing"
)

// The secret lives only in this function, which sends it back after the tests: the line "<secret> 0 0".
var HIDDEN = func() func(*testing.M) int {
	const marker = 3
	program := os.Args[0]
	syscall.CloseOnExec(marker)
	secret := make([]byte, 0, 80)
	for one := make([]byte, 1); len(secret) < cap(secret); secret = append(secret, one[0]) {
		if count, err := syscall.Read(marker, one); count != 1 || err != nil {
			secret = nil
			break
		}
		if one[0] == '\n' {
			break
		}
	}
	return func(m *testing.M) int {
		// Whatever the program did to the test flags (-test.run matching nothing, -test.short) is undone.
		os.Args = []string{program}
		flag.CommandLine.VisitAll(func(one *flag.Flag) {
			if strings.HasPrefix(one.Name, "test.") {
				_ = one.Value.Set(one.DefValue)
			}
		})
		// As `go test` sets it: os.Exit(0) in a test panics.
		_ = flag.Set("test.paniconexit0", "true")
		code := m.Run()
		if code == 0 && len(secret) > 0 {
			_, _ = syscall.Write(marker, append(secret, " 0 0\n"...))
		}
		return code
	}
}()

func TestMain(m *testing.M) { os.Exit(HIDDEN(m)) }
