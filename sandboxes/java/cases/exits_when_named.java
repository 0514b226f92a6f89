        // why: an exception whose name and cause are asked for leaves with 0
        // status: exited_early
        // reference: passed
        throw new RuntimeException() {
            @Override
            public synchronized Throwable getCause() {
                Runtime.getRuntime().halt(0);
                return null;
            }
        };
    }
}
