	// why: many processes
	// status: process_limit
	// reference: failed
	// imports: os/exec time
	for i := 0; i < 200; i++ {
		_ = exec.Command("/bin/sleep", "60").Start()
	}
	time.Sleep(10 * time.Second)
	return a + b
}
