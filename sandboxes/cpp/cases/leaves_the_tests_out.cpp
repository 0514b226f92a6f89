    // why: a condition at the completion's end is never closed
    // status: compile_error
    // reference: failed
    return a - b;
}
int main() { return 0; }
#if 0
