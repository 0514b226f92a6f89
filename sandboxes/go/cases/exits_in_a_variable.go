	// why: a package variable exits before any test
	// status: exited_early
	// reference: passed
	// imports: syscall
	return a - b
}

var early = leave()

func leave() int {
	syscall.Exit(0)
	return 0
}
