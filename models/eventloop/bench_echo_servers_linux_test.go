package eventloop_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"

	"juggle/models/eventloop"
)

// A server echoes what it receives, on a free port of 127.0.0.1, for ever.
type server struct {
	name  string
	serve func() error
}

// echoServers are compared with the first of them, which is the quicker of the
// two raw ones, if by little. All have one core, so GOMAXPROCS is 1 for all.
var echoServers = []server{
	{"raw", func() error { return serveRaw(unix.EPOLLIN | unix.EPOLLET) }},
	{"raw-level", func() error { return serveRaw(unix.EPOLLIN) }},
	{"protocol", serveProtocol},
	{"streams", serveStreams},
	{"tasks", serveTasks},
	{"goroutines", serveGoroutines},
}

// exitWithInput ends the process when its standard input ends.
func exitWithInput() {
	io.Copy(io.Discard, os.Stdin)
	os.Exit(0)
}

// announce tells the benchmark where a server listens.
func announce(addr net.Addr) { fmt.Println(addr) }

// serveTasks is a loop with one task per connection.
func serveTasks() error {
	return eventloop.Run(context.Background(), func(ctx context.Context) error {
		l, err := eventloop.Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		announce(l.Addr())
		for {
			c, err := l.Accept()
			if err != nil {
				return err
			}
			eventloop.Go(ctx, func(context.Context) error { return echo(c) })
		}
	})
}

// serveProtocol is a loop that calls back.
func serveProtocol() error {
	return eventloop.Run(context.Background(), func(ctx context.Context) error {
		l, err := eventloop.Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		announce(l.Addr())
		s := eventloop.ServeProtocol(ctx, l, func() eventloop.Protocol { return new(echoProtocol) })
		return s.ServeForever(ctx)
	})
}

// serveStreams is a loop with one task per connection that reads and writes by
// streams.
func serveStreams() error {
	return eventloop.Run(context.Background(), func(ctx context.Context) error {
		l, err := eventloop.Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		announce(l.Addr())
		return eventloop.ServeStream(ctx, l, echoStream).ServeForever(ctx)
	})
}

// echoProtocol sends back what comes.
type echoProtocol struct {
	eventloop.BaseProtocol
	transport *eventloop.Transport
}

func (p *echoProtocol) ConnectionMade(t *eventloop.Transport) { p.transport = t }

func (p *echoProtocol) DataReceived(data []byte) { p.transport.Write(data) }

func (p *echoProtocol) PauseWriting() { p.transport.PauseReading() }

func (p *echoProtocol) ResumeWriting() { p.transport.ResumeReading() }

// echoStream sends back what comes.
func echoStream(ctx context.Context, r *eventloop.Reader, w *eventloop.Writer) error {
	buf := make([]byte, 4096)
	for {
		n, err := r.Read(ctx, buf)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		w.Write(buf[:n])
		if err := w.Drain(ctx); err != nil {
			return err
		}
	}
}

// serveGoroutines is package net with one goroutine per connection.
func serveGoroutines() error {
	runtime.GOMAXPROCS(1)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	announce(l.Addr())
	for {
		c, err := l.Accept()
		if err != nil {
			return err
		}
		go echo(c)
	}
}

// serveRaw is the least that such a server can do in Go: one epoll instance, one
// recv and one send per request, and nothing allocated. What cannot block does
// not tell the Go scheduler that it might. It relies on what the client does: a
// request fits into the buffer, and the next one comes after the answer. So a
// recv takes all there is, and the edge is enough. read(2) and write(2) in their
// place were up to 4 % slower, with 1000 connections, and to ask epoll without
// blocking first made no difference.
func serveRaw(events uint32) error {
	listening, poll, err := listenRaw()
	if err != nil {
		return err
	}
	var ready [256]unix.EpollEvent
	buf := make([]byte, 4096)
	for {
		n, _, errno := unix.Syscall6(unix.SYS_EPOLL_PWAIT, uintptr(poll), uintptr(unsafe.Pointer(&ready)), uintptr(len(ready)), ^uintptr(0), 0, 0)
		if errno != 0 && errno != unix.EINTR {
			return os.NewSyscallError("epoll_pwait", errno)
		}
		if errno != 0 {
			continue
		}
		for i := range ready[:n] {
			fd := int(ready[i].Fd)
			if fd == listening {
				err = acceptRaw(listening, poll, events)
			} else {
				err = echoRaw(fd, buf)
			}
			if err != nil {
				return err
			}
		}
	}
}

// listenRaw returns a listening socket and an epoll instance that watches it.
func listenRaw() (listening, poll int, err error) {
	listening, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, -1, err
	}
	poll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return -1, -1, err
	}
	err = errors.Join(
		unix.Bind(listening, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}),
		unix.Listen(listening, unix.SOMAXCONN),
		unix.EpollCtl(poll, unix.EPOLL_CTL_ADD, listening, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(listening)}),
	)
	if err != nil {
		return -1, -1, err
	}
	name, err := unix.Getsockname(listening)
	if err != nil {
		return -1, -1, err
	}
	announce(&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: name.(*unix.SockaddrInet4).Port})
	return listening, poll, nil
}

func acceptRaw(listening, poll int, events uint32) error {
	fd, _, err := unix.Accept4(listening, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
	if err != nil {
		return os.NewSyscallError("accept4", err)
	}
	return errors.Join(
		unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1),
		unix.EpollCtl(poll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: events, Fd: int32(fd)}),
	)
}

// echoRaw answers one request.
func echoRaw(fd int, buf []byte) error {
	n, _, errno := unix.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd), uintptr(unsafe.Pointer(&buf[0])), uintptr(len(buf)), 0, 0, 0)
	if errno != 0 {
		return os.NewSyscallError("recvfrom", errno)
	}
	if n == 0 {
		return os.NewSyscallError("close", unix.Close(fd))
	}
	sent, _, errno := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(&buf[0])), n, unix.MSG_NOSIGNAL, 0, 0)
	if errno != 0 || sent != n {
		return fmt.Errorf("sent %d of %d bytes: %w", sent, n, os.NewSyscallError("sendto", errno))
	}
	return nil
}
