  // why: recursion without end overflows the stack
  // status: runtime_error
  // reference: failed
  return add(a, b) + 1
}
