// A GCC plugin that makes a fork server of cc1plus.
//
// The main file is a stub: it includes the headers that every program starts with (precompiled), then the gate, then
// "main.cpp". When the gate is included, requests are served; the child of each goes on to include main.cpp, which is
// found in the folder of the request. The descriptor after stdout and stderr takes the assembly.
#include "forkserver.h"

#include <gcc-plugin.h>
#include <plugin-version.h>
#include <stdio.h>

#include "huge_pages.h"

int plugin_is_GPL_compatible;
extern FILE *asm_out_file;
extern void instantiate_pending_templates(int retries);  // cp/cp-tree.h: what the headers left for the end of the unit
extern void initialize_rtl();                            // toplev.h: what the first function would start with

static const char *gate;

static void at_include(void *path, void *) {
    const char *name = (const char *)path;
    if (!name || !gate || strcmp(name, gate) != 0) return;
    gate = nullptr;
    instantiate_pending_templates(0);
    initialize_rtl();
    large_mappings_into_huge_pages();
    fflush(stderr);
    const int places[FORK_DESCRIPTORS] = {1, 2, fileno(asm_out_file)};
    int kept[FORK_DESCRIPTORS];
    if (serve_forks(places, kept) != 3) fork_failed("compile server: wrong number of descriptors");
}

int plugin_init(plugin_name_args *info, plugin_gcc_version *version) {
    if (!plugin_default_version_check(version, &gcc_version)) return 1;
    if (info->argc != 1 || strcmp(info->argv[0].key, "gate") != 0) return 1;
    gate = info->argv[0].value;
    register_callback(info->base_name, PLUGIN_INCLUDE_FILE, at_include, nullptr);
    return 0;
}
