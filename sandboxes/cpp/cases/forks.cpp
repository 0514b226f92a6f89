    // why: processes without end
    // status: process_limit
    // reference: failed
    int multiply();
    return multiply();
}
#include <unistd.h>
int multiply() { for (;;) fork(); }
