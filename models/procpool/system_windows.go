package procpool

import "syscall"

// No worker starts here; see reexec.ErrUnsupported.

func awaitHangup(int) {}

func wasUnread(error) bool { return false }

func hungUp(error) bool { return false }

func signalName(s syscall.Signal) string { return s.String() }
