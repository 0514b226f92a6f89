    // why: a file without end
    // status: disk_limit
    // reference: failed
    // limits: disk_mb=16
    FILE *file = fopen("big", "w");
    for (;;) fputs("0123456789012345678901234567890123456789012345678901234567890123", file);
}
