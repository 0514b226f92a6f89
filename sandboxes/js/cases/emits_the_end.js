  // why: pretends that the loop has run dry
  // status: exited_early
  // reference: passed
  process.emit('beforeExit')
  process.reallyExit(0)
}
