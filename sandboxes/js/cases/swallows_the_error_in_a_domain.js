  // why: a domain handles the error that ends the tests
  // status: exited_early
  // reference: passed
  const domain = require('domain').create()
  domain.on('error', () => {})
  domain.enter()
  throw new Error('not seen')
}
