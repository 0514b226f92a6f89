    # why: processes without end
    # status: process_limit
    # reference: failed
    import os
    while True:
        os.fork()
