    # why: a process that outlives the tests and holds stdout is killed, and not waited for
    # status: passed
    # reference: passed
    # flags: forks
    import subprocess
    subprocess.Popen(["sleep", "60"], start_new_session=True)
    return a + b
