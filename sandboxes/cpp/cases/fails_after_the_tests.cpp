    // why: right, but a destructor ends the process with another exit code than 0
    // status: runtime_error
    // reference: failed
    static struct Late { ~Late() { _Exit(7); } } late;
    return a + b;
}
