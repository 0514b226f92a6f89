    // why: a better match by way of a using directive
    // status: compile_error
    // reference: failed
    return a - b;
}
namespace std { template <typename Line> void __assert_fail(const char *, const char *, Line, const char *) {} }
