  // why: a handler swallows the error that ended the tests
  // status: exited_early
  // reference: passed
  process.on('uncaughtException', () => {})
  throw new Error('not seen')
}
