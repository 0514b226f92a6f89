    // why: an open namespace at the completion's end
    // status: compile_error
    // reference: failed
    return a - b;
}
int main() { return 0; }
namespace tests {
