        // why: debug output does not matter
        // status: passed
        // reference: passed
        System.out.println("adding " + a + " " + b);
        System.err.println("warning");
        return a + b;
    }
}
