    # why: Python waits for threads at its end
    # status: passed
    # reference: passed
    import threading, time
    threading.Thread(target=time.sleep, args=(0.2,)).start()
    return a + b
