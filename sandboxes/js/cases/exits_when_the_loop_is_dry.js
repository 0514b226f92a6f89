  // why: a listener before the loader's own
  // status: exited_early
  // reference: failed
  process.prependListener('beforeExit', () => process.exit(0))
  return a - b
}
