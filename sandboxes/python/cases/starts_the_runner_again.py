    # why: a second runner in this process waits in vain for a secret
    # status: wall_limit
    # reference: failed
    # limits: wall_s=2
    import os, sys
    os.set_inheritable(3, True)
    with open("right.py", "w") as file:
        file.write("pass")
    os.execv(sys.executable, [sys.executable, os.path.join(os.path.dirname(sys.orig_argv[2]), "runner.py"), "right.py"])
