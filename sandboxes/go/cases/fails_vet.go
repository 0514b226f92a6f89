	// why: go test vets before it runs
	// status: compile_error
	// reference: failed
	fmt.Printf("%d\n", "sum")
	return a + b
}
