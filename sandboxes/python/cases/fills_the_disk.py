    # why: a file without end
    # status: disk_limit
    # reference: failed
    # limits: disk_mb=16
    with open("big", "wb") as file:
        while True:
            file.write(b"x" * (1 << 20))
