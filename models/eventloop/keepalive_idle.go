//go:build dragonfly || freebsd || linux || netbsd

package eventloop

import "golang.org/x/sys/unix"

var keepAliveOptions = [...]struct{ name, value int }{
	{unix.TCP_KEEPIDLE, keepAliveSeconds},
	{unix.TCP_KEEPINTVL, keepAliveSeconds},
	{unix.TCP_KEEPCNT, keepAliveProbes},
}
