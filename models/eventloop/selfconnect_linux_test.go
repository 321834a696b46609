package eventloop

import (
	"context"
	"net"
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"
)

// TestConnectedToItself connects a socket to the address that it is bound to,
// which the kernel does by chance when nobody listens there.
func TestConnectedToItself(t *testing.T) {
	err := Run(t.Context(), func(ctx context.Context) error {
		e, err := ipEndpoint("tcp", netip.MustParseAddrPort("127.0.0.1:0"))
		if err != nil {
			return err
		}
		fd, err := openSocket(e)
		if err != nil {
			return err
		}
		if err := unix.Bind(fd, e.sockaddr); err != nil {
			return err
		}
		local := localAddr("tcp", fd).(*net.TCPAddr)
		if e, err = ipEndpoint("tcp", local.AddrPort()); err != nil {
			return err
		}
		c := &conn{socket: socket{network: "tcp", local: local, remote: e.addr}}
		if err := running(ctx).loop.watch(&c.descriptor, fd); err != nil {
			return err
		}
		defer c.Close()
		if err := c.connect(ctx, e); err != nil {
			return err
		}
		if _, err := c.Write([]byte("x")); err != nil {
			return err
		}
		if n, err := c.Read(make([]byte, 1)); n != 1 || err != nil || !c.toItself() {
			t.Errorf("read %d, %v; connected to itself: %t", n, err, c.toItself())
		}
		l, err := Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		other, err := dialAddr(ctx, "tcp", l.Addr().(*net.TCPAddr).AddrPort())
		if err != nil {
			return err
		}
		if other.(*conn).toItself() {
			t.Error("connected to a listener, but to itself too")
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
