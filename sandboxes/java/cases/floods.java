        // why: output without end
        // status: output_limit
        // reference: failed
        while (true) {
            System.out.println("x".repeat(4000));
        }
    }
}
