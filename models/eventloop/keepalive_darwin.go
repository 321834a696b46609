//go:build darwin

package eventloop

import "golang.org/x/sys/unix"

var keepAliveOptions = [...]struct{ name, value int }{
	{unix.TCP_KEEPALIVE, keepAliveSeconds},
	{unix.TCP_KEEPINTVL, keepAliveSeconds},
	{unix.TCP_KEEPCNT, keepAliveProbes},
}
