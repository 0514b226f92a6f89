    // why: an abort that returns does not bring the tests back
    // status: runtime_error
    // reference: failed
    return a - b;
}
extern "C" void abort() noexcept {}
