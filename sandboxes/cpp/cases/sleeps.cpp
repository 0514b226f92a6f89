    // why: takes time but no CPU
    // status: wall_limit
    // reference: failed
    // limits: wall_s=4
    int rest();
    rest();
    return a + b;
}
#include <unistd.h>
int rest() { return sleep(60); }
