    // why: debug output does not matter
    // status: passed
    // reference: passed
    printf("adding %d %d\n", a, b);
    fprintf(stderr, "warning\n");
    return a + b;
}
