  // why: a timer keeps the process alive after the tests
  // status: wall_limit
  // reference: failed
  // limits: wall_s=2
  setTimeout(() => {}, 60000)
  return a + b
}
