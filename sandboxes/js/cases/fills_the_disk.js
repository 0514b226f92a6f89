  // why: a file without end
  // status: disk_limit
  // reference: failed
  // limits: disk_mb=16
  const fs = require('fs')
  const file = fs.openSync('big', 'w')
  while (true) fs.writeSync(file, Buffer.alloc(1 << 20))
}
