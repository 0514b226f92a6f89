    # why: an assertion of the completion itself
    # status: wrong_answer
    # reference: failed
    raise AssertionError("not\x1b[31m implemented")
