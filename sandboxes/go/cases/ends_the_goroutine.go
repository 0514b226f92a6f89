	// why: Go fails a test that ends this way
	// status: wrong_answer
	// reference: failed
	// imports: runtime
	runtime.Goexit()
	return 0
}
