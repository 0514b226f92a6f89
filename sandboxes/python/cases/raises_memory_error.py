    # why: asks for more memory than there can be
    # status: memory_limit
    # reference: failed
    return len(bytearray(1 << 50))
