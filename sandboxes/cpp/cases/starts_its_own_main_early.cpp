    // why: a constructor enters the harness's start function before the C library does
    // status: runtime_error
    // reference: failed
    return a - b;
}
typedef int (*Main)(int, char **, char **);
extern "C" int __wrap___libc_start_main(Main, int, char **, void (*)(), void (*)(), void (*)(), void *);
static int mine(int, char **, char **) { return 0; }
static int done;
__attribute__((constructor)) static void early() {
    if (!done++) __wrap___libc_start_main(mine, 0, 0, 0, 0, 0, 0);
}
