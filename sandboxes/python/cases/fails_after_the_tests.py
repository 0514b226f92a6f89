    # why: right, but the process ends with another exit code than 0
    # status: runtime_error
    # reference: passed
    import atexit, os
    atexit.register(os._exit, 7)
    return a + b
