        // why: threads without end
        // status: process_limit
        // reference: failed
        while (true) {
            new Thread(() -> {
                try {
                    Thread.sleep(60000);
                } catch (InterruptedException error) {
                    return;
                }
            }).start();
        }
    }
}
