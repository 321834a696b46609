//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package eventloop

import "golang.org/x/sys/unix"

// What package net has by default: a connection that was silent for 15 seconds
// is asked for a sign of life, up to 9 times, every 15 seconds.
const (
	keepAliveSeconds = 15
	keepAliveProbes  = 9
)

// keepAlive has the kernel find out that the peer of a TCP connection is gone,
// even if nothing is sent.
func keepAlive(fd int) error {
	if err := setOption(fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1); err != nil {
		return err
	}
	for _, o := range keepAliveOptions {
		if err := setOption(fd, unix.IPPROTO_TCP, o.name, o.value); err != nil {
			return err
		}
	}
	return nil
}
