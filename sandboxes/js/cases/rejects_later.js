  // why: an unhandled rejection ends node with 1
  // status: runtime_error
  // reference: failed
  Promise.reject(new Error('nobody waits for this'))
  return a + b
}
