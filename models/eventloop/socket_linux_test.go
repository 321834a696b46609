package eventloop_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"juggle/models/eventloop"
)

// TestCloseWrite sends a request, its end, and reads the answer nevertheless.
func TestCloseWrite(t *testing.T) {
	for _, p := range places(t) {
		t.Run(p.network, func(t *testing.T) {
			checkLeftovers(t)
			run(t, func(ctx context.Context) error {
				l, err := listen(ctx, p.network, p.address, func(c net.Conn) error {
					defer c.Close()
					request, err := io.ReadAll(c)
					if err != nil {
						return err
					}
					_, err = io.WriteString(c, strings.ToUpper(string(request)))
					return err
				})
				if err != nil {
					return err
				}
				defer l.Close()
				c, err := eventloop.Dial(ctx, p.network, l.Addr().String())
				if err != nil {
					return err
				}
				if _, err := io.WriteString(c, "request"); err != nil {
					return err
				}
				if err := closeWrite(c); err != nil {
					return err
				}
				_, err = c.Write([]byte("x"))
				wantOp(t, "write", err, syscall.EPIPE)
				if got, err := io.ReadAll(c); string(got) != "REQUEST" || err != nil {
					t.Errorf("got %q, %v", got, err)
				}
				_, err = eventloop.Offload(ctx, func() (int, error) { return 0, closeWrite(c) })
				if err == nil || !strings.Contains(err.Error(), "used outside a task of its loop") {
					t.Errorf("outside: %v", err)
				}
				c.Close()
				wantOp(t, "close", closeWrite(c), net.ErrClosed)
				return nil
			})
		})
	}
}

// lend returns the descriptor of c, for as long as c is not closed.
func lend(t *testing.T, c any) int {
	t.Helper()
	raw, err := c.(syscall.Conn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	fd := -1
	if err := raw.Control(func(p uintptr) { fd = int(p) }); err != nil {
		t.Fatal(err)
	}
	return fd
}

// TestOptionsArePackageNets compares the options of sockets with those of
// package net, which sets them one by one on each.
func TestOptionsArePackageNets(t *testing.T) {
	checkLeftovers(t)
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	options := []struct {
		name          string
		level, option int
	}{
		{"TCP_NODELAY", unix.IPPROTO_TCP, unix.TCP_NODELAY},
		{"SO_KEEPALIVE", unix.SOL_SOCKET, unix.SO_KEEPALIVE},
		{"TCP_KEEPIDLE", unix.IPPROTO_TCP, unix.TCP_KEEPIDLE},
		{"TCP_KEEPINTVL", unix.IPPROTO_TCP, unix.TCP_KEEPINTVL},
		{"TCP_KEEPCNT", unix.IPPROTO_TCP, unix.TCP_KEEPCNT},
	}
	get := func(fd, i int) int {
		v, err := unix.GetsockoptInt(fd, options[i].level, options[i].option)
		if err != nil {
			t.Error(err)
		}
		return v
	}
	dialled, err := net.Dial("tcp", plain.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer dialled.Close()
	run(t, func(ctx context.Context) error {
		l, err := eventloop.Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		near, err := eventloop.Dial(ctx, "tcp", l.Addr().String())
		if err != nil {
			return err
		}
		far, err := l.Accept()
		if err != nil {
			return err
		}
		for i, o := range options {
			want := get(lend(t, dialled), i)
			if got := get(lend(t, near), i); got != want {
				t.Errorf("%s of Dial is %d, package net has %d", o.name, got, want)
			}
			if got := get(lend(t, far), i); got != want {
				t.Errorf("%s of Accept is %d, package net has %d", o.name, got, want)
			}
		}
		for _, network := range []string{"udp", "udp6"} {
			p, err := eventloop.ListenPacket(ctx, network, ":0")
			if err != nil {
				return err
			}
			if v, err := unix.GetsockoptInt(lend(t, p), unix.SOL_SOCKET, unix.SO_BROADCAST); v != 1 || err != nil {
				t.Errorf("SO_BROADCAST of %s is %d, %v", network, v, err)
			}
		}
		return nil
	})
}

// TestSyscallConn sends a descriptor to the other end, for which package net has
// calls of its own and a conn has none.
func TestSyscallConn(t *testing.T) {
	checkLeftovers(t)
	run(t, func(ctx context.Context) error {
		l, err := eventloop.Listen(ctx, "unix", filepath.Join(t.TempDir(), "socket"))
		if err != nil {
			return err
		}
		near, err := eventloop.Dial(ctx, "unix", l.Addr().String())
		if err != nil {
			return err
		}
		far, err := l.Accept()
		if err != nil {
			return err
		}
		receiver := eventloop.GoEager(ctx, func(context.Context) error {
			raw, err := far.(syscall.Conn).SyscallConn()
			if err != nil {
				return err
			}
			calls, oob := 0, make([]byte, 100)
			var n int
			var failed error
			err = raw.Read(func(fd uintptr) bool {
				calls++
				_, n, _, _, failed = unix.Recvmsg(int(fd), make([]byte, 1), oob, unix.MSG_CMSG_CLOEXEC)
				return failed != unix.EAGAIN
			})
			if err != nil || failed != nil || calls < 2 {
				t.Errorf("%v, %v after %d calls", err, failed, calls)
			}
			messages, err := unix.ParseSocketControlMessage(oob[:n])
			if err != nil {
				return err
			}
			fds, err := unix.ParseUnixRights(&messages[0])
			if err != nil {
				return err
			}
			f := os.NewFile(uintptr(fds[0]), "received")
			defer f.Close()
			_, err = f.WriteString("through it")
			return err
		})
		r, w, err := os.Pipe()
		if err != nil {
			return err
		}
		defer r.Close()
		raw, err := near.(syscall.Conn).SyscallConn()
		if err != nil {
			return err
		}
		if err := raw.Write(func(fd uintptr) bool {
			err = unix.Sendmsg(int(fd), []byte{0}, unix.UnixRights(int(w.Fd())), nil, 0)
			return true
		}); err != nil {
			return err
		}
		w.Close()
		if err := errors.Join(err, receiver.Wait(ctx)); err != nil {
			return err
		}
		if got, err := io.ReadAll(r); string(got) != "through it" || err != nil {
			t.Errorf("got %q, %v", got, err)
		}
		return rawErrors(ctx, t, near)
	})
}

// rawErrors checks what a raw connection says when it must not be used.
func rawErrors(ctx context.Context, t *testing.T, c net.Conn) error {
	raw, err := c.(syscall.Conn).SyscallConn()
	if err != nil {
		return err
	}
	never := func(uintptr) { t.Error("the function was called") }
	_, err = eventloop.Offload(ctx, func() (int, error) { return 0, raw.Control(never) })
	if err == nil || !strings.Contains(err.Error(), "used outside a task of its loop") {
		t.Errorf("outside: %v", err)
	}
	c.SetReadDeadline(time.Now().Add(time.Millisecond))
	wantOp(t, "raw-read", raw.Read(func(uintptr) bool { return false }), os.ErrDeadlineExceeded)
	c.Close()
	wantOp(t, "raw-control", raw.Control(never), net.ErrClosed)
	wantOp(t, "raw-read", raw.Read(func(uintptr) bool { return true }), net.ErrClosed)
	wantOp(t, "raw-write", raw.Write(func(uintptr) bool { return true }), net.ErrClosed)
	_, err = c.(syscall.Conn).SyscallConn()
	wantOp(t, "raw-control", err, net.ErrClosed)
	return nil
}

func TestListenerDeadline(t *testing.T) {
	testConns(t, func(ctx context.Context, _ net.Listener, _ string) error {
		l, err := eventloop.Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		set := l.(interface{ SetDeadline(time.Time) error }).SetDeadline
		accept := func() *eventloop.Task {
			return eventloop.GoEager(ctx, func(context.Context) error { _, err := l.Accept(); return err })
		}
		set(time.Now().Add(time.Millisecond))
		wantOp(t, "accept", accept().Wait(ctx), os.ErrDeadlineExceeded)
		set(time.Time{})
		waiting := accept()
		if _, err := eventloop.Offload(ctx, func() (int, error) { return 0, set(time.Now()) }); err != nil {
			return err
		}
		wantOp(t, "accept", waiting.Wait(ctx), os.ErrDeadlineExceeded)
		l.Close()
		wantOp(t, "set", set(time.Time{}), net.ErrClosed)
		return nil
	})
}
