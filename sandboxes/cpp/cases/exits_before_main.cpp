    // why: a constructor of a global object exits
    // status: exited_early
    // reference: passed
    return a - b;
}
struct Early { Early() { exit(0); } } early;
