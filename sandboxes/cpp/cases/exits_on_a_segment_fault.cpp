    // why: a handler of its own crash exits with 0
    // status: exited_early
    // reference: passed
    int crash();
    return crash();
}
#include <csignal>
int crash() {
    signal(SIGSEGV, [](int) { _Exit(0); });
    return *(volatile int *)0;
}
