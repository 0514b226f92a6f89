// A library that, preloaded, makes a fork server of the assembler: when `as` opens its input, which it does after it
// has built its tables and opened its output, requests are served. The descriptors after stdout and stderr are the
// assembly and what takes the object.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>

#include "forkserver.h"

static int output = -1;  // what `as` holds open for its object

static FILE *open_or_serve(const char *path, const char *mode) {
    FILE *(*real)(const char *, const char *) = (FILE * (*)(const char *, const char *)) dlsym(RTLD_NEXT, "fopen");
    if (strcmp(path, "/humaneval-x-input") != 0) {
        FILE *file = real(path, mode);
        if (file && mode[0] == 'w') output = fileno(file);
        return file;
    }
    const int places[FORK_DESCRIPTORS] = {1, 2, -1, output};
    int kept[FORK_DESCRIPTORS];
    if (output < 0 || serve_forks(places, kept) != 4) fork_failed("assemble server: wrong descriptors");
    return fdopen(kept[2], "r");
}

FILE *fopen(const char *path, const char *mode) { return open_or_serve(path, mode); }

FILE *fopen64(const char *path, const char *mode) { return open_or_serve(path, mode); }
