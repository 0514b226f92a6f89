  // why: an assertion of the completion itself
  // status: wrong_answer
  // reference: failed
  require('assert').strictEqual(a, b)
  return a + b
}
