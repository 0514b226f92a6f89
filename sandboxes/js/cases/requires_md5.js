  // why: js-md5 is installed
  // status: passed
  // reference: passed
  return require('js-md5')('') === 'd41d8cd98f00b204e9800998ecf8427e' ? a + b : 0
}
