	// why: exec of a program that succeeds
	// status: exited_early
	// reference: passed
	// imports: syscall
	_ = syscall.Exec("/bin/true", []string{"true"}, nil)
	return 0
}
