    # why: takes time but no CPU
    # status: wall_limit
    # reference: failed
    # limits: wall_s=2
    import time
    time.sleep(60)
    return a + b
