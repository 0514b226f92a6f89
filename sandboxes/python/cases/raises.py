    # why: an exception that is no failed assertion
    # status: runtime_error
    # reference: failed
    return [a, b][2]
