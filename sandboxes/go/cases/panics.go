	// why: an index out of range
	// status: runtime_error
	// reference: failed
	return []int{a, b}[a-a+2+b-b]
}
