        // why: right, but the process ends with another exit code than 0
        // status: runtime_error
        // reference: failed
        // flags: failed_after_tests
        Runtime.getRuntime().addShutdownHook(new Thread(() -> Runtime.getRuntime().halt(7)));
        return a + b;
    }
}
