  // why: many processes
  // status: process_limit
  // reference: failed
  const { spawn } = require('child_process')
  for (let i = 0; i < 200; i++) spawn('sleep', ['60'])
  return a + b
}
