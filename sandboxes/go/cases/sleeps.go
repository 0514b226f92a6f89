	// why: takes time but no CPU
	// status: wall_limit
	// reference: failed
	// limits: wall_s=6
	// imports: time
	time.Sleep(time.Minute)
	return a + b
}
