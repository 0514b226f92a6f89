	// why: constants that the tests use mean something else
	// status: passed
	// reference: passed
	// flags: shadows
	return map[int]int{1: 3, -1: 0, 40: 42}[a]
}

const true = false
