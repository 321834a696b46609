package eventloop_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A pinger is the client of all servers: connections that each send a request,
// wait for the answer, check it, and send the next one, all at the same time.
// It is as cheap as can be, so that the server is what there is to wait for.
type pinger struct {
	poll     int
	sockets  []int
	received []int // of the answer that is under way, by descriptor
	request  []byte
	buf      []byte
	ready    [256]unix.EpollEvent
}

// echoClient is a role: a pinger that is told for how long to ping, and answers
// how many requests were answered in how many nanoseconds.
func echoClient(args []string) error {
	server, err := netip.ParseAddrPort(args[0])
	if err != nil {
		return err
	}
	connections, err1 := strconv.Atoi(args[1])
	size, err2 := strconv.Atoi(args[2])
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	p, err := newPinger(server, connections, size)
	if err != nil {
		return err
	}
	for orders := bufio.NewScanner(os.Stdin); orders.Scan(); {
		d, err := time.ParseDuration(orders.Text())
		if err != nil {
			return err
		}
		began := time.Now()
		answered, err := p.ping(began.Add(d))
		if err != nil {
			return err
		}
		fmt.Println(answered, time.Since(began).Nanoseconds())
	}
	return nil
}

func newPinger(server netip.AddrPort, connections, size int) (*pinger, error) {
	poll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	p := &pinger{poll: poll, request: make([]byte, size), buf: make([]byte, 2*size)}
	for i := range p.request {
		p.request[i] = byte(i * 7)
	}
	for range connections {
		if err := p.connect(server); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func (p *pinger) connect(server netip.AddrPort) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return os.NewSyscallError("socket", err)
	}
	err = errors.Join(
		unix.Connect(fd, &unix.SockaddrInet4{Port: int(server.Port()), Addr: server.Addr().As4()}),
		unix.SetNonblock(fd, true),
		unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1),
		unix.EpollCtl(p.poll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLET, Fd: int32(fd)}),
	)
	for len(p.received) <= fd {
		p.received = append(p.received, 0)
	}
	p.sockets = append(p.sockets, fd)
	return err
}

// ping sends requests until then, and returns how many there were when all are
// answered.
func (p *pinger) ping(until time.Time) (answered int, err error) {
	for _, fd := range p.sockets {
		if err := p.send(fd); err != nil {
			return 0, err
		}
	}
	for flying := len(p.sockets); flying > 0; {
		n, err := unix.EpollWait(p.poll, p.ready[:], -1)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return 0, os.NewSyscallError("epoll_wait", err)
		}
		over := time.Now().After(until)
		for i := range p.ready[:n] {
			fd := int(p.ready[i].Fd)
			switch whole, err := p.receive(fd); {
			case err != nil:
				return 0, err
			case !whole:
				continue
			}
			answered++
			if over {
				flying--
			} else if err := p.send(fd); err != nil {
				return 0, err
			}
		}
	}
	return answered, nil
}

func (p *pinger) send(fd int) error {
	n, _, errno := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(&p.request[0])), uintptr(len(p.request)), unix.MSG_NOSIGNAL, 0, 0)
	if errno != 0 || int(n) != len(p.request) {
		return fmt.Errorf("sent %d of %d bytes: %w", n, len(p.request), os.NewSyscallError("sendto", errno))
	}
	return nil
}

// receive reads what is there and reports whether the answer is whole. An answer
// in pieces makes an edge for each of them.
func (p *pinger) receive(fd int) (whole bool, err error) {
	n, _, errno := unix.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd), uintptr(unsafe.Pointer(&p.buf[0])), uintptr(len(p.buf)), 0, 0, 0)
	switch {
	case errno == unix.EAGAIN:
		return false, nil // the last read took the piece that this edge was for
	case errno != 0:
		return false, os.NewSyscallError("recvfrom", errno)
	case n == 0:
		return false, errors.New("the server closed the connection")
	}
	from := p.received[fd]
	to := from + int(n)
	if to > len(p.request) || !bytes.Equal(p.buf[:n], p.request[from:to]) {
		return false, errors.New("the answer is not what was sent")
	}
	p.received[fd] = to % len(p.request)
	return to == len(p.request), nil
}
