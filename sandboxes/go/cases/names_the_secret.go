	// why: what holds the secret has another name in every program
	// status: compile_error
	// reference: failed
	return a - b
}

func init() { HIDDEN(nil) }
