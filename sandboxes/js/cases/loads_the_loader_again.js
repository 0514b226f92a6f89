  // why: a second loader in this process finds no secret
  // status: exited_early
  // reference: passed
  const path = require('path')
  const loader = path.join(process.env.HARNESS || '/opt/humaneval-x/js', 'loader.js')
  require('fs').writeFileSync('right.js', 'console.assert(true)')
  process.argv[2] = 'right.js'
  try {
    require(loader)
  } catch (error) {
    process.exit(0)
  }
  process.exit(0)
}
