	// why: a test of its own skips itself, not the others
	// status: wrong_answer
	// reference: failed
	return a - b
}

func TestAbove(t *testing.T) {
	t.Parallel()
	t.SkipNow()
}
