    // why: memory without end
    // status: memory_limit
    // reference: failed
    // limits: memory_mb=512
    for (;;) {
        char *block = new char[1 << 24];
        for (int i = 0; i < 1 << 24; i += 4096) block[i] = 1;
    }
}
