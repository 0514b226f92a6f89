	// why: the harness's own entry point is a duplicate
	// status: compile_error
	// reference: failed
	return a - b
}

func TestMain(m *testing.M) {}
