    // why: an exception that nobody catches
    // status: runtime_error
    // reference: failed
    throw "not implemented";
}
