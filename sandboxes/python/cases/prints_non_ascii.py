    # why: output in UTF-8, and bytes that are none
    # status: passed
    # reference: passed
    import sys
    print("größer, 日本語, 🙂")
    sys.stdout.flush()
    sys.stdout.buffer.write(b"\xff\xfe\x00\n")
    return a + b
