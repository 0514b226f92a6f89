    // why: the compiler gives up on a file that includes itself
    // status: compile_error
    // reference: failed
    return a + b;
}
#include "main.cpp"
