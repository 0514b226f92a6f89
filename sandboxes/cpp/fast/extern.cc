// The library of the instantiations that extern.h declares.
#include "nine.h"
#define INSTANCE(...) template __VA_ARGS__;
#include "extern_list.h"
