	// why: its own signal is handled by leaving
	// status: exited_early
	// reference: passed
	// imports: os os/signal syscall
	waiting := make(chan os.Signal, 1)
	signal.Notify(waiting, syscall.SIGUSR1)
	_ = syscall.Kill(syscall.Getpid(), syscall.SIGUSR1)
	<-waiting
	syscall.Exit(0)
	return 0
}
