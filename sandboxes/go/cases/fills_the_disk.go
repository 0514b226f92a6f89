	// why: a file without end
	// status: disk_limit
	// reference: failed
	// limits: disk_mb=64
	// imports: os
	file, _ := os.Create("big")
	for {
		_, _ = file.Write(make([]byte, 1<<20))
	}
}
