  // why: leaves after the tests, before the loop has run dry
  // status: exited_early
  // reference: failed
  setImmediate(() => process.exit(0))
  return a - b
}
