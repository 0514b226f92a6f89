    # why: a syntax error
    # status: compile_error
    # reference: failed
    return a +
