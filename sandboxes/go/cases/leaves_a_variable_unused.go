	// why: an error in Go, if only a warning elsewhere
	// status: compile_error
	// reference: failed
	c := a + b
	return a + b
}
