// Moves this process's large mappings into anonymous huge pages, which fork copies by a few entries and which a child
// reads without a page fault. A mapping that cannot be moved stays as it is.
#pragma once
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

static inline void into_huge_pages(uintptr_t start, uintptr_t end, int protection) {
    const uintptr_t huge = 2u << 20;
    size_t length = end - start;
    const int kind = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    uintptr_t space = (uintptr_t)mmap(NULL, length + huge, PROT_NONE, kind, -1, 0);
    if ((void *)space == MAP_FAILED) return;
    uintptr_t copy = space + ((start - space) & (huge - 1));  // as far into a huge page as the original
    if (!mprotect((void *)copy, length, PROT_READ | PROT_WRITE)) {
        madvise((void *)copy, length, MADV_HUGEPAGE);
        memcpy((void *)copy, (const void *)start, length);
        if (!mprotect((void *)copy, length, protection))
            mremap((void *)copy, length, length, MREMAP_MAYMOVE | MREMAP_FIXED, (void *)start);
    }
    // What is left of the reserved space (before and behind the copy) costs no memory; it stays.
}

static inline void large_mappings_into_huge_pages(void) {
    struct { uintptr_t start, end; int protection; } found[64];
    int count = 0;
    char line[600];
    FILE *maps = fopen("/proc/self/maps", "r");
    if (!maps) return;
    while (count < 64 && fgets(line, sizeof line, maps)) {
        unsigned long start, end;
        char mode[5], path[512] = "";
        if (sscanf(line, "%lx-%lx %4s %*s %*s %*s %511s", &start, &end, mode, path) < 3) continue;
        if (end - start < (4u << 20) || path[0] != '/' || mode[0] != 'r' || mode[3] != 'p') continue;
        int protection = PROT_READ | (mode[1] == 'w' ? PROT_WRITE : 0) | (mode[2] == 'x' ? PROT_EXEC : 0);
        found[count].start = start;
        found[count].end = end;
        found[count++].protection = protection;
    }
    fclose(maps);
    for (int k = 0; k < count; ++k) into_huge_pages(found[k].start, found[k].end, found[k].protection);
}
