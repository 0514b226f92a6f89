        // why: a daemon waits for the main thread to fail, then leaves with 0
        // status: exited_early
        // reference: passed
        Thread main = Thread.currentThread();
        Thread waiting = new Thread(() -> {
            try {
                main.join();
            } catch (InterruptedException error) {
                return;
            }
            Runtime.getRuntime().halt(0);
        });
        waiting.start();
        return a - b;
    }
}
