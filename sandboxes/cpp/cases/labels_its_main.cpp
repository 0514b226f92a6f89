    // why: labels give the tests' main another name, and the program's own theirs
    // status: passed
    // reference: passed
    // flags: assembles
    return a - b;
}
int main() asm("tests");
extern "C" int mine() asm("main");
int mine() { return 0; }
