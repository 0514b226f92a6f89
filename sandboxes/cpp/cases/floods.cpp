    // why: output without end
    // status: output_limit
    // reference: failed
    for (;;) puts("0123456789012345678901234567890123456789012345678901234567890123");
}
