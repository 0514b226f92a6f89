  // why: process.exit before the tests end
  // status: exited_early
  // reference: passed
  process.exit(0)
}
