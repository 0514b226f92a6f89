    // why: recursion without end overflows the stack
    // status: runtime_error
    // reference: failed
    volatile int deep[4096];
    deep[a & 7] = b;
    return add(a, b) + deep[3];
}
