  // why: memory without end, on the heap
  // status: memory_limit
  // reference: failed
  // limits: memory_mb=512
  const blocks = []
  while (true) blocks.push(new Array(1 << 16).fill(1.5))
}
