        // why: the test throws
        // status: wrong_answer
        // reference: failed
        return a - b;
    }
}
