    // why: the C library's function in the program itself returns
    // status: compile_error
    // reference: failed
    return a - b;
}
extern "C" void __assert_fail(const char *, const char *, unsigned, const char *) noexcept {}
