    // why: a pragma would give the tests' main another name, and the program's own theirs
    // status: wrong_answer
    // reference: failed
    return a - b;
}
#pragma redefine_extname main tests
#pragma redefine_extname mine main
extern "C" int mine() { return 0; }
