// A library that, preloaded, makes a fork server of the linker mold: when it opens the program's object, which is the
// last of its inputs, requests are served. With --thread-count=1 and --no-fork it has no other thread by then.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdarg.h>

#include "forkserver.h"

static int open_or_serve(const char *path, int flags, mode_t mode) {
    static int serving;
    int (*real)(const char *, int, ...) = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open");
    if (!serving && strcmp(path, "main.o") == 0) {
        serving = 1;
        const int places[FORK_DESCRIPTORS] = {1, 2};
        int kept[FORK_DESCRIPTORS];
        if (serve_forks(places, kept) != 2) fork_failed("link server: wrong number of descriptors");
    }
    return real(path, flags, mode);
}

#define OPEN(name)                                          \
    int name(const char *path, int flags, ...) {            \
        va_list rest;                                       \
        va_start(rest, flags);                              \
        mode_t mode = va_arg(rest, mode_t);                 \
        va_end(rest);                                       \
        return open_or_serve(path, flags, mode);            \
    }

OPEN(open)
OPEN(open64)
