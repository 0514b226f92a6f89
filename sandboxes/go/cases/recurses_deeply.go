	// why: recursion without end overflows the stack
	// status: runtime_error
	// reference: failed
	return Add(a, b) + 1
}
