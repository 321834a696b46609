package procpool

import (
	"os"
	"syscall"

	"juggle/internal/reexec"
	"juggle/models/procpool/internal/shm"
)

// No worker starts here; see reexec.ErrUnsupported.

func inheritedMemory() (out, in *shm.Memory, err error) { return nil, nil, reexec.ErrUnsupported }

func inheritedBell() *os.File { return nil }

func hungUp(error) bool { return false }

func signalName(s syscall.Signal) string { return s.String() }
