//go:build darwin || dragonfly || freebsd || netbsd || openbsd || (linux && race)

package eventloop

import "golang.org/x/sys/unix"

// Elsewhere than on Linux there is no way around the scheduler, and under the race
// detector package unix tells it which bytes the kernel reads and writes.

func receive(fd int, b []byte) (int, error) { return unix.Read(fd, b) }

func send(fd int, b []byte) (int, error) { return unix.Write(fd, b) }
