	// why: Go panics when a test ends this way
	// status: runtime_error
	// reference: failed
	// imports: runtime
	runtime.Goexit()
	return 0
}
