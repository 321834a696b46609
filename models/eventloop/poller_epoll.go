//go:build linux

package eventloop

import (
	"fmt"
	"math"
	"os"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// epoll is the poller of Linux; see epoll(7).
type epoll struct {
	fd     int
	event  int  // the eventfd that wake writes to
	coarse bool // the kernel has no epoll_pwait2(2), which came with 5.11
	events [256]unix.EpollEvent
}

// kernelTimespec is the kernel's struct __kernel_timespec, which has 64 bits on
// every architecture.
type kernelTimespec struct{ sec, nsec int64 }

func newPoller() (poller, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("eventloop: %w", os.NewSyscallError("epoll_create1", err))
	}
	event, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("eventloop: %w", os.NewSyscallError("eventfd2", err))
	}
	p := &epoll{fd: fd, event: event}
	if err := p.add(event); err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

func (p *epoll) add(fd int) error {
	const both = unix.EPOLLIN | unix.EPOLLPRI | unix.EPOLLOUT | unix.EPOLLRDHUP | unix.EPOLLET
	err := unix.EpollCtl(p.fd, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: both, Fd: int32(fd)})
	return os.NewSyscallError("epoll_ctl", err)
}

// remove is not left to close(2): while a child process that is being started
// still shares the descriptor, closing it here would not take it out.
func (p *epoll) remove(fd int) error {
	return os.NewSyscallError("epoll_ctl", unix.EpollCtl(p.fd, unix.EPOLL_CTL_DEL, fd, nil))
}

func (p *epoll) wait(timeout time.Duration, ready func(fd int, readable, writable, odd bool)) error {
	n, errno := p.ask(timeout)
	if errno == unix.EINTR {
		return nil
	}
	if errno != 0 {
		return os.NewSyscallError("epoll_pwait", errno)
	}
	const odd = unix.EPOLLPRI | unix.EPOLLRDHUP | unix.EPOLLERR
	const in = unix.EPOLLIN | unix.EPOLLPRI | unix.EPOLLRDHUP | unix.EPOLLHUP | unix.EPOLLERR
	const out = unix.EPOLLOUT | unix.EPOLLHUP | unix.EPOLLERR
	for i := range p.events[:n] {
		// The eventfd is not read: every write to it is a new edge.
		if e := &p.events[i]; int(e.Fd) != p.event {
			ready(int(e.Fd), e.Events&in != 0, e.Events&out != 0, e.Events&odd != 0)
		}
	}
	return nil
}

// ask makes the system call. What cannot block does not tell the scheduler that
// it might.
func (p *epoll) ask(timeout time.Duration) (int, unix.Errno) {
	if timeout == 0 {
		n, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(p.fd), uintptr(unsafe.Pointer(&p.events)), uintptr(len(p.events)), 0, 0, 0)
		return int(n), errno
	}
	if !p.coarse {
		n, errno := p.askFine(timeout)
		// EPERM is what a seccomp filter says that is older than the call.
		if errno != unix.ENOSYS && errno != unix.EPERM {
			return n, errno
		}
		p.coarse = true
	}
	ms := -1
	if timeout > 0 {
		ms = int(min((timeout-1)/time.Millisecond+1, math.MaxInt32)) // up, or the loop would spin
	}
	n, _, errno := unix.Syscall6(unix.SYS_EPOLL_PWAIT, uintptr(p.fd), uintptr(unsafe.Pointer(&p.events)), uintptr(len(p.events)), uintptr(ms), 0, 0)
	return int(n), errno
}

// askFine waits with a timeout in nanoseconds.
func (p *epoll) askFine(timeout time.Duration) (int, unix.Errno) {
	var limit *kernelTimespec
	if timeout > 0 {
		limit = &kernelTimespec{int64(timeout / time.Second), int64(timeout % time.Second)}
	}
	n, _, errno := unix.Syscall6(unix.SYS_EPOLL_PWAIT2, uintptr(p.fd), uintptr(unsafe.Pointer(&p.events)), uintptr(len(p.events)), uintptr(unsafe.Pointer(limit)), 0, 0)
	return int(n), errno
}

func (p *epoll) wake() {
	one := [8]byte{1} // of either byte order: any number but 0 and the largest
	unix.Write(p.event, one[:])
}

func (p *epoll) close() {
	unix.Close(p.event)
	unix.Close(p.fd)
}
