//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package eventloop

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// start starts the child. After an error the pipes are to be closed. What comes
// after the start itself cannot fail, so there is never a child to be ended again.
func (p *Process) start() error {
	c := p.command
	cmd := exec.Command(c.Program, c.Args...)
	cmd.Dir, cmd.Env = c.Dir, c.Env
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: c.Group}
	theirs, err := p.plumb(cmd)
	defer func() {
		for _, f := range theirs {
			f.Close()
		}
	}()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		if _, missing := os.Stat(c.Dir); c.Dir != "" && missing != nil {
			return missing // the kernel does not say which of the two it is
		}
		return err
	}
	p.cmd = cmd
	if p.loop.children == nil {
		p.loop.children = map[*Process]struct{}{}
	}
	p.loop.children[p] = struct{}{}
	if p.loop.debug != nil {
		p.loop.debug.began(p)
	}
	if !p.watchHandle() {
		p.watchInGoroutine()
	}
	return nil
}

// plumb connects the streams, and returns the files that are to be closed once
// the child has them.
func (p *Process) plumb(cmd *exec.Cmd) (theirs []*os.File, err error) {
	for i, s := range []Stdio{p.command.Stdin, p.command.Stdout, p.command.Stderr} {
		if err := s.check(i); err != nil {
			return theirs, err
		}
		f := s.file
		switch s.kind {
		case stdioInherit:
			f = []*os.File{os.Stdin, os.Stdout, os.Stderr}[i]
		case stdioPipe:
			f, err = p.openPipe(i)
		case stdioBytes:
			f, err = fileOf(s.bytes)
		}
		if err != nil {
			return theirs, err
		}
		if s.kind == stdioPipe || s.kind == stdioBytes {
			theirs = append(theirs, f)
		}
		switch {
		case s.kind == stdioMerge:
			cmd.Stderr = cmd.Stdout
		case f == nil: // the null device, which exec opens
		case i == 0:
			cmd.Stdin = f
		case i == 1:
			cmd.Stdout = f
		default:
			cmd.Stderr = f
		}
	}
	return theirs, nil
}

// openPipe makes the pipe of stream number i, keeps this side's end, which does
// not block, and returns the child's, which does.
func (p *Process) openPipe(i int) (theirs *os.File, err error) {
	fds, err := pipe()
	if err != nil {
		return nil, err
	}
	ours, other := fds[0], fds[1]
	if i == 0 {
		ours, other = other, ours
	}
	theirs = os.NewFile(uintptr(other), "|"+streamNames[i])
	c := &childPipe{addr: pipeAddr(filepath.Base(p.command.Program) + " " + streamNames[i])}
	err = os.NewSyscallError("fcntl", unix.SetNonblock(ours, true))
	if err == nil {
		err = p.loop.watch(&c.descriptor, ours)
	}
	if err != nil {
		unix.Close(ours)
		theirs.Close()
		return nil, err
	}
	c.onNews = p.talk.news
	p.talk.pipes[i] = c
	*[]*net.Conn{&p.Stdin, &p.Stdout, &p.Stderr}[i] = c
	return theirs, nil
}

// watchHandle has the poller tell the end of the child, which makes its pidfd
// readable; see pidfd_open(2). It returns false if there is none: on other
// systems than Linux, before Linux 5.4, where a filter of system calls forbids
// it, and when no descriptor is left.
//
// Package os has a pidfd already, from clone(2) itself, so there is no moment in
// which the number could have become another process's. The copy is for the
// loop to close.
func (p *Process) watchHandle() bool {
	fd := -1
	err := p.cmd.Process.WithHandle(func(handle uintptr) {
		if copied, err := unix.FcntlInt(handle, unix.F_DUPFD_CLOEXEC, 0); err == nil {
			fd = copied
		}
	})
	if err != nil || fd < 0 {
		return false
	}
	if p.loop.watch(&p.handle, fd) != nil {
		unix.Close(fd)
		return false
	}
	p.reap = func() error {
		p.handle.release()
		// Before the child is reaped its number is that of no other process, and
		// so is that of its group.
		p.killGroup()
		return p.cmd.Wait()
	}
	p.handle.onNews = func() {
		// The poller may call without a reason, and the loop must not block.
		if n, _ := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 0); n > 0 {
			p.ended()
		}
	}
	return true
}

// watchInGoroutine has a goroutine wait for the end of the child. Its group is
// killed right after the child was reaped: for a few microseconds its number
// could be another group's, if all numbers had been given out in between.
func (p *Process) watchInGoroutine() {
	end := make(chan error, 1)
	p.reap = func() error { return <-end }
	go func() {
		err := p.cmd.Wait()
		p.killGroup()
		end <- err
		p.loop.post(p.ended)
	}()
}

// killGroup kills what is left of the group that the child leads.
func (p *Process) killGroup() {
	if p.command.Group {
		unix.Kill(-p.cmd.Process.Pid, unix.SIGKILL)
	}
}

// signalGroup sends a signal to a process group.
func signalGroup(group int, sig syscall.Signal) error {
	switch err := unix.Kill(-group, sig); err {
	case nil:
		return nil
	case unix.ESRCH:
		return os.ErrProcessDone
	default:
		return fmt.Errorf("eventloop: signalling group %d: %w", group, os.NewSyscallError("kill", err))
	}
}

// readNow reads without waiting.
func readNow(fd int, b []byte) (int, error) {
	for {
		n, err := unix.Read(fd, b[:min(len(b), maxTransfer)])
		if err != unix.EINTR {
			return max(0, n), nowError("read", err)
		}
	}
}

// writeNow writes without waiting, all or as much as there is room for.
func writeNow(fd int, b []byte) (int, error) {
	for {
		n, err := unix.Write(fd, b[:min(len(b), maxTransfer)])
		if err != unix.EINTR {
			return max(0, n), nowError("write", err)
		}
	}
}

func nowError(call string, err error) error {
	if err == unix.EAGAIN {
		return errWouldBlock
	}
	return os.NewSyscallError(call, err)
}

// filled writes b into a new file, which is then to be read from its beginning.
func filled(f *os.File, b []byte) (*os.File, error) {
	if _, err := f.WriteAt(b, 0); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// catchable reports whether a process can have a handler for sig.
func catchable(sig os.Signal) bool { return sig != unix.SIGKILL && sig != unix.SIGSTOP }
