	// why: recovers from what its own calls panic with, not from failed assertions
	// status: wrong_answer
	// reference: failed
	defer func() { _ = recover() }()
	return a - b
}
