package reexec

import (
	"os"
	"os/exec"
	"time"
)

// waitDelay bounds how long a descendant that keeps stdout or stderr open can
// hold up [Child.Done].
const waitDelay = 500 * time.Millisecond

// A Child is a process that Start started. Its methods may be called from any
// goroutine.
type Child struct {
	// Socket is this side of the stream between the two processes. It supports
	// deadlines. The owner closes it, at the latest through Stop.
	Socket *os.File

	command *exec.Cmd
	output  output
	done    chan struct{}
}

// newChild prepares a child with the badge b that inherits files.
func newChild(b badge, socket *os.File, files []*os.File, o Options) *Child {
	c := &Child{Socket: socket, done: make(chan struct{})}
	c.command = &exec.Cmd{
		Path:        executable(),
		Args:        []string{os.Args[0] + " (" + b.role + ")"},
		Env:         append(append(os.Environ(), o.Environment...), variable+"="+b.String()),
		Stdout:      &c.output,
		Stderr:      &c.output,
		ExtraFiles:  files,
		SysProcAttr: attributes(),
		WaitDelay:   waitDelay,
	}
	return c
}

// PID is the child's process id.
func (c *Child) PID() int { return c.command.Process.Pid }

// Done is closed once the child has ended and was reaped.
func (c *Child) Done() <-chan struct{} { return c.done }

// State says how the child ended. It waits for the end.
func (c *Child) State() *os.ProcessState {
	<-c.done
	return c.command.ProcessState
}

// Output returns the first KiB and the last few of what the child printed so
// far.
func (c *Child) Output() string { return c.output.String() }

// Signal sends sig to the child alone.
func (c *Child) Signal(sig os.Signal) error { return c.command.Process.Signal(sig) }

// Kill ends the child and every process of its group at once, closes the
// socket, and waits until the child is reaped.
func (c *Child) Kill() {
	c.Socket.Close()
	select {
	case <-c.done:
		return
	default:
		c.command.Process.Kill() // reap kills the rest of the group
		<-c.done
	}
}

// Stop closes the socket, which asks the child to end, waits for up to grace,
// and then kills it. It returns once the child is reaped.
func (c *Child) Stop(grace time.Duration) {
	c.Socket.Close()
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-c.done:
	case <-timer.C:
		c.Kill()
	}
}
