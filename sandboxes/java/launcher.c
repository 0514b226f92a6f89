// Java's fork server: a process that has the Java machine's library loaded but no machine started; each child starts one
// and runs Main.main, as `java HarnessStart` does. The marker is this file's affair alone: the secret is in a local
// variable of C, and no class of the harness is in the sample's Java machine.
//
// Usage: launcher LIBJVM OPTION...     options as for the Java machine
#include <dlfcn.h>
#include <jni.h>
#include <pthread.h>
#include <stdio.h>

#include "forkserver.h"

enum { MARKER = 3, SECRET_BYTES = 128, MAX_OPTIONS = 64, STACK_BYTES = 1 << 20 /* the java command's */ };

typedef jint (*create_function)(JavaVM **, void **, void *);

static create_function create;
static JavaVMOption options[MAX_OPTIONS];
static int option_count;

// Ends a child that cannot say what the plain way would: the program is declined.
static void give_up(const char *what) {
    errno = ENOTSUP;
    fork_failed(what);
}

// The line on the marker's descriptor, and its length without the newline.
static size_t take_secret(char *secret) {
    size_t length = 0;
    while (length < SECRET_BYTES && read(MARKER, secret + length, 1) == 1)
        if (secret[length++] == '\n') return length - 1;
    give_up("no secret");
    return 0;
}

// Main's main method; NULL with an exception where the plain way throws one.
static jmethodID find_main(JNIEnv *env, jclass program) {
    jclass reflected = (*env)->FindClass(env, "java/lang/Class");
    jclass strings = (*env)->FindClass(env, "[Ljava/lang/String;");
    jobjectArray parameters = (*env)->NewObjectArray(env, 1, reflected, strings);
    jmethodID get = (*env)->GetMethodID(env, reflected, "getMethod",
                                        "(Ljava/lang/String;[Ljava/lang/Class;)Ljava/lang/reflect/Method;");
    jobject method = (*env)->CallObjectMethod(env, program, get, (*env)->NewStringUTF(env, "main"), parameters);
    if ((*env)->ExceptionCheck(env)) return NULL;
    jmethodID found = (*env)->GetStaticMethodID(env, program, "main", "([Ljava/lang/String;)V");
    if (!found || found != (*env)->FromReflectedMethod(env, method)) give_up("an unusual main");
    return found;
}

static void run_program(JNIEnv *env) {
    char secret[SECRET_BYTES + 8];
    size_t length = take_secret(secret);
    if (fcntl(MARKER, F_SETFD, FD_CLOEXEC)) fork_failed("marker");
    jclass program = (*env)->FindClass(env, "Main");
    if (!program) return;
    jmethodID start = find_main(env, program);
    if (!start) return;
    jclass string = (*env)->FindClass(env, "java/lang/String");
    (*env)->CallStaticVoidMethod(env, program, start, (*env)->NewObjectArray(env, 0, string, NULL));
    if ((*env)->ExceptionCheck(env)) return;
    memcpy(secret + length, " 0 0\n", 5);
    if (write(MARKER, secret, length + 5) < 0) fork_failed("marker");
}

// As the java command does it: an exception that nobody has caught is told when the thread leaves; then other threads
// are waited for, and shutdown hooks run.
static void *start_machine(void *exit_code) {
    JavaVM *machine;
    JNIEnv *env;
    JavaVMInitArgs arguments = {JNI_VERSION_10, option_count, options, JNI_FALSE};
    if (create(&machine, (void **)&env, &arguments) != JNI_OK) give_up("no Java machine");
    run_program(env);
    *(int *)exit_code = (*env)->ExceptionCheck(env) ? 1 : 0;
    if ((*machine)->DetachCurrentThread(machine) != JNI_OK) *(int *)exit_code = 1;
    (*machine)->DestroyJavaVM(machine);
    return NULL;
}

int main(int argc, char **argv) {
    if (argc < 2 || argc - 2 > MAX_OPTIONS) return FORK_FAILED;
    void *library = dlopen(argv[1], RTLD_NOW | RTLD_GLOBAL);
    create = library ? (create_function)dlsym(library, "JNI_CreateJavaVM") : NULL;
    if (!create) {
        fprintf(stderr, "%s\n", dlerror());
        return FORK_FAILED;
    }
    while (option_count < argc - 2) {
        options[option_count].optionString = argv[option_count + 2];
        ++option_count;
    }
    int places[FORK_DESCRIPTORS] = {1, 2, MARKER, -1, -1, -1, -1, -1}, kept[FORK_DESCRIPTORS];
    serve_forks(places, kept);

    // A thread of its own: the machine cannot guard the stack of a process's first.
    int exit_code = 0;
    pthread_t thread;
    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes) || pthread_attr_setstacksize(&attributes, STACK_BYTES) ||
        pthread_create(&thread, &attributes, start_machine, &exit_code) || pthread_join(thread, NULL))
        give_up("no thread");
    return exit_code;
}
