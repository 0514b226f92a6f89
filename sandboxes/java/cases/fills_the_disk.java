        // why: a file without end
        // status: disk_limit
        // reference: failed
        // limits: disk_mb=16
        try (java.io.OutputStream file = new java.io.FileOutputStream("big")) {
            while (true) {
                file.write(new byte[1 << 20]);
            }
        } catch (java.io.IOException error) {
            throw new RuntimeException(error);
        }
    }
}
