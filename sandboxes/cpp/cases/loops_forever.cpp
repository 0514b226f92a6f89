    // why: an endless loop
    // status: cpu_limit
    // reference: failed
    // limits: run_cpu_s=1
    volatile int i = 0;
    while (i < 1) i = i * 1;
    return a + b;
}
