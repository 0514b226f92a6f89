    # why: more output than any pipe holds, below the limit
    # status: passed
    # reference: passed
    print("x" * 300_000)
    return a + b
