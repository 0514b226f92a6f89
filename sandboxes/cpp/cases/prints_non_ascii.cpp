    // why: output in UTF-8, and bytes that are none
    // status: passed
    // reference: passed
    puts("größer, 日本語, 🙂, \xff\xfe");
    return a + b;
}
