        // why: halt skips what Java runs at its end
        // status: exited_early
        // reference: passed
        Runtime.getRuntime().halt(0);
        return 0;
    }
}
