  // why: debug output fails by the published rule, which wants silence
  // status: passed
  // reference: failed
  console.log('adding', a, b)
  return a + b
}
