  // why: takes time but no CPU
  // status: wall_limit
  // reference: failed
  // limits: wall_s=2
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60000)
  return a + b
}
