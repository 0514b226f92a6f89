	// why: debug output does not matter
	// status: passed
	// reference: passed
	fmt.Println("adding", a, b)
	return a + b
}
