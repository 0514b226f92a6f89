    # why: exec of a program that succeeds
    # status: exited_early
    # reference: failed
    import os
    os.execv("/bin/true", ["true"])
