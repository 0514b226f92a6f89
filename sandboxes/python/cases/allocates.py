    # why: memory without end
    # status: memory_limit
    # reference: failed
    # limits: memory_mb=256
    blocks = []
    while True:
        blocks.append(bytearray(1 << 24))
