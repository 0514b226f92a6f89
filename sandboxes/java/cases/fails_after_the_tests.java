        // why: right, but the process ends with another exit code than 0
        // status: runtime_error
        // reference: failed
        Runtime.getRuntime().addShutdownHook(new Thread(() -> Runtime.getRuntime().halt(7)));
        return a + b;
    }
}
