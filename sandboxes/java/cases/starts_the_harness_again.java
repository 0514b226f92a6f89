        // why: the harness's own entry point starts once
        // status: runtime_error
        // reference: failed
        try {
            Class<?> start = Class.forName("HarnessStart");
            java.lang.reflect.Method main = start.getMethod("main", String[].class);
            main.setAccessible(true);
            main.invoke(null, (Object) new String[0]);
        } catch (ReflectiveOperationException error) {
            throw new RuntimeException(error);
        }
        return 0;
    }
}
