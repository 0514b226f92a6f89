    # why: reads, peeks and listens on the descriptor, of which the secret is gone
    # status: exited_early
    # reference: failed
    import os, socket
    marker = socket.socket(fileno=os.dup(3))
    marker.setblocking(False)
    for flags in (0, socket.MSG_PEEK, socket.MSG_OOB):
        try:
            os.write(3, marker.recv(4096, flags) + b" 0 0\n")
        except OSError:
            pass
    os._exit(0)
