        // why: an exception that nobody catches
        // status: runtime_error
        // reference: failed
        return new int[]{a, b}[2];
    }
}
