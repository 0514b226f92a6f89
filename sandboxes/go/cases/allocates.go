	// why: memory without end
	// status: memory_limit
	// reference: failed
	// limits: memory_mb=512
	blocks := [][]int{}
	for {
		block := make([]int, 1<<20)
		for i := range block {
			block[i] = i
		}
		blocks = append(blocks, block)
	}
}
