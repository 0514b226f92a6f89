    # why: the program is __main__, and the runner is out of sight
    # status: passed
    # reference: passed
    # flags: shadows
    import __main__
    assert __name__ == "__main__" and __main__.add is add
    assert not hasattr(__main__, "MARKER")
    return a + b
