	// why: an endless loop
	// status: cpu_limit
	// reference: failed
	// limits: run_cpu_s=1
	for a < 1000 {
		b = a
	}
	return a + b
}
