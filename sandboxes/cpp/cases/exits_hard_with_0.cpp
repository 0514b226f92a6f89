    // why: _Exit skips destructors and atexit handlers
    // status: exited_early
    // reference: passed
    _Exit(0);
}
