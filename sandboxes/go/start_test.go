// Compiled together with every Go program, as one of its test files, by compile.sh, which makes HIDDEN an unguessable
// name: runs the tests and, once they have all passed, proves it to the harness.
//
// Descriptor 3 carries one line, a secret, before the program starts. This file is the package's first and this
// variable its first, so it is initialised before any variable and init function of the program. A program with a
// TestMain of its own does not compile. Every other name may be the program's: the imports are hidden, and nothing here
// relies on a name that Go predeclares, since a program may declare its own `len`.

package main

import (
	HIDDENbufio "bufio"
	HIDDENflag "flag"
	HIDDENos "os"
	HIDDENstrings "strings"
	HIDDENsyscall "syscall"
	HIDDENtesting "testing"
)

// The secret lives only in this function, which sends it back after the tests: the line "<secret> 0 0".
var HIDDEN = func() func(*HIDDENtesting.M) {
	const number = 3
	HIDDENsyscall.CloseOnExec(number)
	marker, arguments := HIDDENos.NewFile(number, "marker"), HIDDENos.Args[:1:1]
	secret, _ := HIDDENbufio.NewReader(marker).ReadString('\n')
	// The flags as they are now: a program may replace their set, their values and their defaults.
	undo := func() {}
	HIDDENtesting.Init()
	HIDDENflag.CommandLine.VisitAll(func(one *HIDDENflag.Flag) {
		if HIDDENstrings.HasPrefix(one.Name, "test.") {
			before, value, text := undo, one.Value, one.DefValue
			if one.Name == "test.paniconexit0" {
				text = "true" // as `go test` sets it: ending with 0 in a test panics
			}
			undo = func() {
				before()
				_ = value.Set(text)
			}
		}
	})
	return func(m *HIDDENtesting.M) {
		// Whatever the program did to the test flags (-test.run matching nothing, -test.short) is undone.
		HIDDENos.Args = arguments
		undo()
		code := m.Run()
		if code == 0 && secret != "" {
			_, _ = marker.WriteString(HIDDENstrings.TrimSpace(secret) + " 0 0\n")
		}
		HIDDENos.Exit(code)
	}
}()

func TestMain(m *HIDDENtesting.M) { HIDDEN(m) }
