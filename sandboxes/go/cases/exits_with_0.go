	// why: Go itself refuses os.Exit(0) in a test
	// status: runtime_error
	// reference: failed
	// imports: os
	os.Exit(0)
	return 0
}
