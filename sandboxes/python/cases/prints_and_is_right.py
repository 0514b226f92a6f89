    # why: debug output does not matter
    # status: passed
    # reference: passed
    import sys
    print("adding", a, b)
    print("warning", file=sys.stderr)
    return a + b
