  // why: an assertion fails, which node only prints
  // status: wrong_answer
  // reference: failed
  return a - b
}
