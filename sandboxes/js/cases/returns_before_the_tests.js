  // why: a return at the script's top level, after an assertion of its own
  // status: exited_early
  // reference: passed
  return a - b
}
console.assert(true)
return
