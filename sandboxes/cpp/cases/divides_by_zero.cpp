    // why: ends by a signal
    // status: runtime_error
    // reference: failed
    volatile int zero = 0;
    return a / zero + b;
}
