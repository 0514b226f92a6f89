    // why: a test assertion fails
    // status: wrong_answer
    // reference: failed
    return a - b;
}
