  // why: an exit handler turns exit code 1 into 0
  // status: exited_early
  // reference: failed
  process.on('exit', () => { process.exitCode = 0 })
  throw new Error('seen')
}
