    # why: more output than any pipe holds, below the limit
    # status: passed
    # reference: passed
    print("x" * 250_000)
    return a + b
