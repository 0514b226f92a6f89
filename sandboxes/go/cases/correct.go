	// why: the plain right answer
	// status: passed
	// reference: passed
	return a + b
}
