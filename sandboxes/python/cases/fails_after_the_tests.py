    # why: right, but the process ends with another exit code than 0
    # status: runtime_error
    # reference: passed
    # flags: failed_after_tests
    import atexit, os
    atexit.register(os._exit, 7)
    return a + b
