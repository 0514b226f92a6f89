  // why: a SyntaxError, but not the program's
  // status: runtime_error
  // reference: failed
  return JSON.parse("{")
}
