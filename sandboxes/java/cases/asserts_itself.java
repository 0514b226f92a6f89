        // why: an assertion error, but not the test's
        // status: runtime_error
        // reference: failed
        throw new AssertionError("not implemented");
    }
}
