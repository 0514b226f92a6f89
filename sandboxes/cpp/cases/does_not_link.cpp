    // why: a function that is declared but not defined
    // status: compile_error
    // reference: failed
    int elsewhere(int, int);
    return elsewhere(a, b);
}
