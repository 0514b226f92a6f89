	// why: an assertion of testify fails
	// status: wrong_answer
	// reference: failed
	return a - b
}
