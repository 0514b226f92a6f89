	// why: a test of the program's own runs before the tests
	// status: exited_early
	// reference: passed
	// imports: syscall
	return a - b
}

func TestAbove(t *testing.T) { syscall.Exit(0) }
