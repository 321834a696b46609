package eventloop_test

func memoryRole(args []string) error { return nil }
