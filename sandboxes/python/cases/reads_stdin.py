    # why: stdin is empty, not closed, and nobody types
    # status: passed
    # reference: passed
    import sys
    assert sys.stdin.read() == ""
    return a + b
