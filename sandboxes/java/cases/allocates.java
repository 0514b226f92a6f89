        // why: memory without end
        // status: memory_limit
        // reference: failed
        List<int[]> blocks = new ArrayList<>();
        while (true) {
            blocks.add(new int[1 << 20]);
        }
    }
}
