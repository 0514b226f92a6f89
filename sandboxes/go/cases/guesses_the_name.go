	// why: variables of the package are not to be had by an assembly file's back door
	// status: compile_error
	// reference: failed
	return a - b
}

func hidden() int
