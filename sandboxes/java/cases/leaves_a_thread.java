        // why: Java waits for threads at its end
        // status: passed
        // reference: passed
        new Thread(() -> {
            try {
                Thread.sleep(100);
            } catch (InterruptedException error) {
                return;
            }
        }).start();
        return a + b;
    }
}
