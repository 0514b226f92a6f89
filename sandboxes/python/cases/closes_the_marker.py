    # why: without the descriptor nothing can be proved
    # status: runtime_error
    # reference: failed
    import os
    try:
        os.close(3)
    except OSError:
        pass
    return a + b
