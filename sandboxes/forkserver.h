// A fork server's loop, for servers in C and C++: a process that has made its preparations calls serve_forks(), which
// returns in a fresh child for every request and never in the server itself.
//
// The supervisor's end is a SOCK_SEQPACKET socket, descriptor 4 here. The server says that it is ready by a `ForkReply`
// with its own process id. A request is one `ForkRequest` with up to 8 descriptors: the child's stdout, its stderr, and
// what else the server is for (a program's marker socket, a compiler's output). Two replies answer it: the child's process
// id with the status FORK_RUNS, once it is forked, and its end, once it has ended. One request is served at a time.
#ifndef HUMANEVAL_X_FORKSERVER_H
#define HUMANEVAL_X_FORKSERVER_H

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FORK_SOCKET = 4, FORK_LIMITS = 8, FORK_DESCRIPTORS = 8, FORK_RUNS = -1, FORK_FAILED = 125 };

struct ForkRequest {
    uint32_t user;  // and group
    uint32_t limit_count;
    struct {
        uint64_t which, soft, hard;  // as of setrlimit(2)
    } limits[FORK_LIMITS];
    char folder[256];
};

struct ForkReply {
    int32_t pid;
    int32_t status;  // FORK_RUNS, or as of wait(2)
    uint64_t cpu_us, peak_kb;
};

// Ends this process: the server or, before its program has started, the child.
static inline void fork_failed(const char *what) {
    const char *why = strerror(errno);
    if (write(2, "fork server: ", 13) < 0 || write(2, what, strlen(what)) < 0 || write(2, ": ", 2) < 0 ||
        write(2, why, strlen(why)) < 0 || write(2, "\n", 1) < 0)
        _exit(FORK_FAILED);
    _exit(FORK_FAILED);
}

static inline void fork_reply(struct ForkReply reply) {
    if (send(FORK_SOCKET, &reply, sizeof reply, MSG_NOSIGNAL) != (ssize_t)sizeof reply) _exit(FORK_FAILED);
}

// Receives a request and its descriptors, whose number it returns. Ends the server at the end of the socket.
static inline int fork_receive(struct ForkRequest *request, int *descriptors) {
    union {
        struct cmsghdr head;
        char space[CMSG_SPACE(sizeof(int) * FORK_DESCRIPTORS)];
    } control;
    struct iovec part = {request, sizeof *request};
    struct msghdr message;
    memset(&message, 0, sizeof message);
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.space;
    message.msg_controllen = sizeof control.space;
    ssize_t size;
    do size = recvmsg(FORK_SOCKET, &message, MSG_CMSG_CLOEXEC);
    while (size < 0 && errno == EINTR);
    if (size == 0) _exit(0);
    if (size != (ssize_t)sizeof *request) fork_failed("bad request");
    const struct cmsghdr *attached = CMSG_FIRSTHDR(&message);
    if (!attached) return 0;
    int count = (int)((attached->cmsg_len - CMSG_LEN(0)) / sizeof(int));
    memcpy(descriptors, CMSG_DATA(attached), sizeof(int) * (size_t)count);
    return count;
}

// In the child: a session of its own, the limits, the user, the folder.
static inline void fork_become_sample(const struct ForkRequest *request) {
    setsid();
    int oom = open("/proc/self/oom_score_adj", O_WRONLY);
    if (oom < 0 || write(oom, "1000", 4) != 4 || close(oom)) fork_failed("oom_score_adj");
    for (uint32_t i = 0; i < request->limit_count && i < FORK_LIMITS; ++i) {
        struct rlimit both = {request->limits[i].soft, request->limits[i].hard};
        if (setrlimit((__typeof__(RLIMIT_CPU))request->limits[i].which, &both)) fork_failed("setrlimit");
    }
    umask(022);
    uid_t user = request->user;
    if (setgroups(0, NULL) || setresgid(user, user, user) || setresuid(user, user, user)) fork_failed("setresuid");
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)) fork_failed("prctl");
    if (chdir(request->folder)) fork_failed(request->folder);
}

// Serves requests for ever; returns, in the child of each, the number of descriptors received. Descriptor k becomes
// places[k] in the child; where that is -1 it stays where it is, which `kept[k]` says.
static inline int serve_forks(const int places[FORK_DESCRIPTORS], int kept[FORK_DESCRIPTORS]) {
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)) fork_failed("prctl");
    struct ForkReply ready = {getpid(), 0, 0, 0};
    fork_reply(ready);
    for (;;) {
        struct ForkRequest request;
        int descriptors[FORK_DESCRIPTORS];
        int count = fork_receive(&request, descriptors);
        pid_t child = fork();
        if (child < 0) fork_failed("fork");
        if (child == 0) {
            close(FORK_SOCKET);
            for (int k = 0; k < count; ++k) {
                kept[k] = descriptors[k];
                if (places[k] >= 0 && (dup2(descriptors[k], places[k]) < 0 || close(descriptors[k]))) fork_failed("dup2");
            }
            fork_become_sample(&request);
            return count;
        }
        for (int k = 0; k < count; ++k) close(descriptors[k]);
        struct ForkReply reply = {child, FORK_RUNS, 0, 0};
        fork_reply(reply);
        struct rusage usage;
        while (wait4(child, &reply.status, 0, &usage) < 0 && errno == EINTR) continue;
        reply.cpu_us = (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000u +
                       (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
        reply.peak_kb = (uint64_t)usage.ru_maxrss;
        fork_reply(reply);
    }
}

#endif
