// Instantiations that many programs share: made once, in a library, instead of in every program.
#define INSTANCE(...) extern template __VA_ARGS__;
#include "extern_list.h"
#undef INSTANCE
