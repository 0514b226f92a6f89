// Linked to every C++ program with --wrap=__libc_start_main: it stands between the C library and the program's main.
//
// Descriptor 3 carries one line, a secret, taken before any code of the program runs, its constructors included (but
// for a resolver of an indirect function, which the loader calls even earlier). When main has returned 0, the line
// "<secret> 0 0" goes back, before destructors and atexit handlers run; these can still make the exit code non-zero,
// which fails the program too. exit(0), _exit(0), abort, longjmp past main: no line. Nor does a process that the program
// has forked send one: it may have tried an answer for its parent.
//
// No header and no libc function is used: a program may define its own read, write or fcntl, and would be handed
// the secret. All names here are local to this file, but for the one that the linker needs.

typedef int (*Main)(int, char **, char **);

extern "C" void abort() noexcept;
extern "C" char program_entry __asm__("main");

extern "C" int __real___libc_start_main(Main, int, char **, void (*)(), void (*)(), void (*)(), void *);

namespace {

const long marker = 3;
const int set_close_on_exec = 2, close_on_exec = 1;

#if defined(__x86_64__)
const long number_read = 0, number_write = 1, number_fcntl = 72, number_exit = 231, number_getpid = 39;

long kernel(long number, long first, long second, long third) {
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(first), "S"(second), "d"(third)
                     : "rcx", "r11", "memory");
    return result;
}
#elif defined(__aarch64__)
const long number_read = 63, number_write = 64, number_fcntl = 25, number_exit = 94, number_getpid = 172;

long kernel(long number, long first, long second, long third) {
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = first;
    register long x1 __asm__("x1") = second;
    register long x2 __asm__("x2") = third;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
    return x0;
}
#else
#error "add this machine's system call instruction and numbers"
#endif

Main program_main;
char line[80];  // the secret, then " 0 0\n"
long length, process;

void read_secret(int, char **, char **) {
    kernel(number_fcntl, marker, set_close_on_exec, close_on_exec);
    process = kernel(number_getpid, 0, 0, 0);
    while (length < 70) {
        if (kernel(number_read, marker, (long)(line + length), 1) != 1) {
            length = 0;
            return;
        }
        if (line[length] == '\n') return;
        ++length;
    }
    length = 0;
}

// What the loader runs first in a program. Of several the order is that of the files in the link: this one comes first.
__attribute__((section(".preinit_array"), used)) void (*const first)(int, char **, char **) = read_secret;

int guarded_main(int count, char **arguments, char **environment) {
    int result = program_main(count, arguments, environment);
    if (result == 0 && length > 0 && kernel(number_getpid, 0, 0, 0) == process) {
        const char tail[] = " 0 0\n";
        for (int i = 0; i < 5; ++i) line[length + i] = tail[i];
        kernel(number_write, marker, (long)line, length + 5);
    }
    return result;
}

char message[4096];
long written;

void say(const char *text) {
    while (*text && written < (long)sizeof message) message[written++] = *text++;
}

void say(unsigned number) {
    char digits[12], *first = digits + sizeof digits - 1;
    *first = 0;
    do *--first = '0' + number % 10;
    while (number /= 10);
    say(first);
}

}  // namespace

extern "C" int __wrap___libc_start_main(Main main, int count, char **arguments, void (*init)(), void (*fini)(),
                                        void (*end_of_loader)(), void *stack_end) {
    // A second call, or another main, can only come from the program itself, to have a main of its own taken for the
    // tests'.
    if (program_main || (char *)main != &program_entry) kernel(number_exit, 103, 0, 0);
    program_main = main;
    return __real___libc_start_main(guarded_main, count, arguments, init, fini, end_of_loader, stack_end);
}

// What assert calls, as the C library has it, here so that a program's own one is a duplicate and does not link. An abort
// of its own does not return to the tests either.
extern "C" __attribute__((noreturn)) void __assert_fail(const char *assertion, const char *file, unsigned place,
                                                        const char *function) noexcept {
    say("main: ");
    say(file);
    say(":");
    say(place);
    say(": ");
    say(function);
    say(": Assertion `");
    say(assertion);
    say("' failed.\n");
    kernel(number_write, 2, (long)message, written);
    abort();
    for (;;) kernel(number_exit, 134, 0, 0);
}
