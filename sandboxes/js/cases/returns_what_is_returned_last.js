  // why: and one with a value that might be the last statement's
  // status: exited_early
  // reference: passed
  return a - b
}
console.assert(true)
return `${process.hrtime.bigint()}`
