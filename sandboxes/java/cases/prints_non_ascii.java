        // why: source and output in UTF-8
        // status: passed
        // reference: passed
        System.out.println("größer, 日本語, 🙂");
        return "日本語".length() == 3 ? a + b : 0;
    }
}
