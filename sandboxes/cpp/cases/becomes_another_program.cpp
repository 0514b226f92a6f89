    // why: exec of a program that succeeds
    // status: exited_early
    // reference: passed
    int run();
    return run();
}
#include <unistd.h>
int run() { return execl("/bin/true", "true", (char *)0); }
