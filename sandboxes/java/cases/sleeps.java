        // why: takes time but no CPU
        // status: wall_limit
        // reference: failed
        // limits: wall_s=5
        try {
            Thread.sleep(60000);
        } catch (InterruptedException error) {
            return 0;
        }
        return a + b;
    }
}
