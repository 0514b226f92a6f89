    // why: asks for more memory than there can be
    // status: memory_limit
    // reference: failed
    volatile long size = 1L << 46;
    return new char[size] != 0;
}
