        // why: right, but the descriptor is closed before the proof is sent
        // status: runtime_error
        // reference: failed
        try {
            Class<?> type = Class.forName("sun.misc.Unsafe");
            java.lang.reflect.Field instance = type.getDeclaredField("theUnsafe");
            instance.setAccessible(true);
            sun.misc.Unsafe memory = (sun.misc.Unsafe) instance.get(null);
            java.io.FileDescriptor descriptor = new java.io.FileDescriptor();
            memory.putInt(descriptor, memory.objectFieldOffset(java.io.FileDescriptor.class.getDeclaredField("fd")), 3);
            new java.io.FileOutputStream(descriptor).close();
        } catch (Exception error) {
            throw new RuntimeException(error);
        }
        return a + b;
    }
}
