    # why: output without end
    # status: output_limit
    # reference: failed
    while True:
        print("x" * 4000)
