    // why: the C library's own start function, in the program: it skips main
    // status: exited_early
    // reference: passed
    return a - b;
}
extern "C" int __libc_start_main(int (*)(int, char **, char **), int, char **, void (*)(), void (*)(), void (*)(), void *) {
    _Exit(0);
}
