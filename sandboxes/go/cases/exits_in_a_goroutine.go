	// why: leaves by the system call from another goroutine
	// status: exited_early
	// reference: passed
	// imports: syscall time
	go syscall.Exit(0)
	time.Sleep(10 * time.Second)
	return a - b
}
