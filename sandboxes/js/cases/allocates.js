  // why: memory without end, outside the heap
  // status: memory_limit
  // reference: failed
  // limits: memory_mb=512
  const blocks = []
  while (true) blocks.push(Buffer.alloc(1 << 24, 1))
}
