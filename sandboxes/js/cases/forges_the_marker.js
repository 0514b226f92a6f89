  // why: guesses the proof of completion (on one descriptor: node does not survive junk on some of its own)
  // status: exited_early
  // reference: passed
  const fs = require('fs')
  for (let i = 0; i < 100; i++) fs.writeSync(3, '0'.repeat(64) + ' 3 0\n')
  process.reallyExit(0)
}
