        // why: a static block exits
        // status: exited_early
        // reference: passed
        return a - b;
    }

    static {
        System.exit(0);
    }
}
