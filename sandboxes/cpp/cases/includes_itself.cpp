    // why: the file once more, in a namespace, with a main of the program's own
    // status: compile_error
    // reference: failed
    return a - b;
}
#ifndef AGAIN
#define AGAIN
namespace tests {
#include "main.cpp"
}
int main() { return 0; }
#endif
