    # why: recursion without end
    # status: runtime_error
    # reference: failed
    return add(a, b)
