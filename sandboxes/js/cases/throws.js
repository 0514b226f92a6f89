  // why: an exception that nobody catches
  // status: runtime_error
  // reference: failed
  return undefined.sum
}
