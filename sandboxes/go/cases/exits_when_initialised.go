	// why: an init function exits before any test
	// status: exited_early
	// reference: passed
	// imports: syscall
	return a - b
}

func init() { syscall.Exit(0) }
