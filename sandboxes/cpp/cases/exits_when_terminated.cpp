    // why: the terminate handler of an uncaught exception exits with 0
    // status: exited_early
    // reference: passed
    std::set_terminate([] { _Exit(0); });
    throw 1;
}
