  // why: right, but the process ends with another exit code than 0
  // status: runtime_error
  // reference: passed
  // flags: failed_after_tests
  process.on('exit', () => { process.exitCode = 7 })
  return a + b
}
