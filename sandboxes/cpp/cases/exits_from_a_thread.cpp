    // why: another thread leaves with 0 while the assertion fails
    // status: exited_early
    // reference: passed
    int leave(int);
    return leave(a - b);
}
#include <pthread.h>
#include <signal.h>
#include <unistd.h>
static void *wait_for_it(void *) { pause(); _exit(0); }
int leave(int wrong) {
    static pthread_t thread;
    if (thread == 0) pthread_create(&thread, 0, wait_for_it, 0);
    signal(SIGABRT, [](int) { _exit(0); });
    return wrong;
}
