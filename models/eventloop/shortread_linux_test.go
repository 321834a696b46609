package eventloop_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"

	"juggle/models/eventloop"
)

// TestReadAfterShortRead has a peer send in ways in which a read returns less
// than was asked for although there is more. No later read may wait for news of
// it, since there will be none.
func TestReadAfterShortRead(t *testing.T) {
	send := func(s string) func(int) error {
		return func(fd int) error { return unix.Send(fd, []byte(s), 0) }
	}
	urgent := func(fd int) error { return unix.Send(fd, []byte("!"), unix.MSG_OOB) }
	passOn := func(fd int) error { return unix.Sendmsg(fd, []byte("x"), unix.UnixRights(fd), nil, 0) }
	shut := func(fd int) error { return unix.Shutdown(fd, unix.SHUT_WR) }
	for _, c := range []struct {
		name, network string
		peer          []func(fd int) error
		want          string
	}{
		{"the end follows", "tcp", []func(int) error{send("ab"), shut}, "ab"},
		{"more follows", "tcp", []func(int) error{send("ab"), send("cd"), send("ef")}, "abcdef"},
		{"urgent data is between", "tcp", []func(int) error{send("ab"), urgent, send("cd"), send("ef")}, "abcdef"},
		{"Unix socket", "unix", []func(int) error{send("ab"), send("cd")}, "abcd"},
		{"a descriptor is between", "unix", []func(int) error{send("ab"), passOn, send("cd")}, "abxcd"},
	} {
		for _, yields := range []int{0, 1, 2} { // before the first read, and between what the peer does
			t.Run(fmt.Sprintf("%s/%d", c.name, yields), func(t *testing.T) {
				checkLeftovers(t)
				run(t, func(ctx context.Context) error {
					l, err := listenAnywhere(ctx, t, c.network)
					if err != nil {
						return err
					}
					for first := range len(c.peer) + 1 {
						got, err := readFrom(ctx, l, c.peer[:first], c.peer[first:], len(c.want), yields)
						if err != nil {
							return err
						}
						wantEqual(t, fmt.Sprintf("received, the first %d at once", first), got, c.want)
					}
					return nil
				})
			})
		}
	}
}

func listenAnywhere(ctx context.Context, t *testing.T, network string) (net.Listener, error) {
	if network == "unix" {
		return eventloop.Listen(ctx, network, t.TempDir()+"/s")
	}
	return eventloop.Listen(ctx, network, "127.0.0.1:0")
}

// readFrom accepts a connection and reads size bytes and the end, which comes
// when they were read. Its peer does some things before the first read, and others
// meanwhile.
func readFrom(ctx context.Context, l net.Listener, before, meanwhile []func(fd int) error, size, yields int) (string, error) {
	peer, err := connectRaw(l.Addr())
	if err != nil {
		return "", err
	}
	defer unix.Close(peer)
	c, err := l.Accept()
	if err != nil {
		return "", err
	}
	defer c.Close()
	do := func(ctx context.Context, doings []func(fd int) error) error {
		for _, d := range doings {
			if err := errors.Join(d(peer), yield(ctx, yields)); err != nil {
				return err
			}
		}
		return nil
	}
	err = do(ctx, before)
	rest := eventloop.Go(ctx, func(ctx context.Context) error { return do(ctx, meanwhile) })
	got, buf := "", make([]byte, 64) // more than there is
	for len(got) < size && err == nil {
		var n int
		n, err = c.Read(buf)
		got += string(buf[:n])
		err = errors.Join(err, yield(ctx, yields))
	}
	if err := errors.Join(err, unix.Shutdown(peer, unix.SHUT_WR), rest.Wait(ctx)); err != nil {
		return got, err
	}
	if n, err := c.Read(buf); n != 0 || err != io.EOF {
		return got, fmt.Errorf("read %d bytes and error %v, want the end", n, err)
	}
	return got, nil
}

func yield(ctx context.Context, n int) error {
	for range n {
		if err := eventloop.Yield(ctx); err != nil {
			return err
		}
	}
	return nil
}

// connectRaw connects a socket of which no loop knows. The backlog of the
// listener takes it at once.
func connectRaw(to net.Addr) (int, error) {
	domain, address := unix.AF_UNIX, unix.Sockaddr(&unix.SockaddrUnix{Name: to.String()})
	if to.Network() == "tcp" {
		ap, err := netip.ParseAddrPort(to.String())
		if err != nil {
			return -1, err
		}
		domain, address = unix.AF_INET, &unix.SockaddrInet4{Port: int(ap.Port()), Addr: ap.Addr().As4()}
	}
	fd, err := unix.Socket(domain, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	return fd, unix.Connect(fd, address)
}
