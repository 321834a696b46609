package eventloop

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// A Process is a child process that [Command.Start] has started. It is
// asyncio.subprocess.Process. It belongs to the loop, not to the task that
// started it. All of it is for the tasks of that loop.
//
// A child that has ended is reaped by the loop at once, whether anybody waits or
// not, so it never stays a zombie. A child that still runs when the loop is
// closed is killed, with its group if it leads one, and reaped.
type Process struct {
	// Stdin, Stdout and Stderr are this side's ends of the pipes, nil where the
	// Command has no [StdioPipe]. Reading and writing suspend the task that does
	// so, and the deadlines work. A pipe has one direction; the other fails.
	// Reading returns io.EOF when no process has the other end any more.
	//
	// They stay open when the child ends, since there may be something to read:
	// close them, or have Communicate, Stop or the end of the loop do so.
	Stdin, Stdout, Stderr net.Conn

	loop    *Loop
	command Command
	cmd     *exec.Cmd
	handle  descriptor   // its pidfd, if there is one
	reap    func() error // waits for the end, and returns how it ended
	exit    waitList     // tasks that wait for it
	done    bool
	err     error
	talk    talk
}

// Start starts the program. The child runs on when ctx ends; see [Process.Stop].
//
// Starting holds up the loop until the child has begun to run the program, as it
// does in asyncio: a fraction of a millisecond in BenchmarkStart, but longer if
// the program comes from a slow disk. To offload it was rejected, since a start
// that was cancelled in between would leave a child that nobody knows.
//
// The errors wrap exec.ErrNotFound if there is no such program in PATH,
// fs.ErrNotExist if there is none at that path, fs.ErrPermission if it must not
// be run, and errors.ErrUnsupported on systems without a poller. With an error
// nothing is left: no child, no descriptor. If ctx has ended, the error is the
// cause.
func (c Command) Start(ctx context.Context) (*Process, error) {
	t := running(ctx)
	if err := t.ended(ctx); err != nil {
		return nil, err
	}
	p := &Process{loop: t.loop, command: c}
	if err := p.start(); err != nil {
		p.closePipes()
		return nil, fmt.Errorf("eventloop: starting %s: %w", c.Program, err)
	}
	return p, nil
}

// Wait waits for the end of the child, and returns nil if it ended with status 0.
// Otherwise it returns an error that wraps an [*exec.ExitError], which has the
// status or the signal. If ctx ends first, Wait returns the cause and the child
// runs on. Wait does not wait for what the child itself has started.
//
// A child that prints into a pipe which nobody reads never ends: the pipe is
// full at some point. Use Communicate then, or read in another task.
func (p *Process) Wait(ctx context.Context) error {
	if p.done {
		return p.err
	}
	t := running(ctx)
	if t.loop != p.loop {
		return ErrOtherLoop
	}
	p.exit.push(t)
	p.loop.outside++
	err := t.suspend(ctx, p)
	p.loop.outside--
	if err != nil {
		return err
	}
	return p.err
}

// Pid returns the number of the child, which may be another process's once the
// child has ended.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// State says how the child ended and what it used. It is nil before the end.
func (p *Process) State() *os.ProcessState {
	if !p.done {
		return nil
	}
	return p.cmd.ProcessState
}

// Signal sends a signal to the child, or to its whole group if it leads one. It
// returns os.ErrProcessDone if the child has ended.
func (p *Process) Signal(sig os.Signal) error {
	switch number, ok := sig.(syscall.Signal); {
	case p.done:
		return os.ErrProcessDone
	case !p.command.Group:
		return p.cmd.Process.Signal(sig)
	case !ok:
		return fmt.Errorf("eventloop: %v is no signal of this system", sig)
	default:
		return signalGroup(p.Pid(), number)
	}
}

// Terminate asks the child to end, with SIGTERM; see Signal.
func (p *Process) Terminate() error { return p.Signal(syscall.SIGTERM) }

// Kill ends the child, with SIGKILL; see Signal. The end is known a little later:
// wait for it with Wait.
func (p *Process) Kill() error { return p.Signal(os.Kill) }

// Stop ends the child and closes the pipes. It sends SIGTERM, waits for up to
// grace, and then sends SIGKILL; without a grace at once. It returns when the
// child has ended, and what Wait does.
//
// Stop is for clean-up. It is bounded by grace, and so is not cut short when ctx
// has ended or the calling task is cancelled; ctx tells the task alone. With
// virtual time, which stands still meanwhile, grace never passes.
func (p *Process) Stop(ctx context.Context, grace time.Duration) error {
	t := running(ctx)
	if t.loop != p.loop {
		return ErrOtherLoop
	}
	if !p.done && grace > 0 && p.Terminate() == nil {
		p.awaitExit(t, grace)
	}
	if !p.done {
		p.Kill()
		p.awaitExit(t, -1)
	}
	p.closePipes()
	return p.err
}

// awaitExit suspends t until the child has ended or, unless it is negative, limit
// has passed.
func (p *Process) awaitExit(t *Task, limit time.Duration) {
	p.exit.push(t)
	if limit >= 0 {
		t.arm(p.loop.after(limit), false)
	}
	p.loop.outside++
	t.suspendAnyway(p)
	p.loop.outside--
}

// wind ends the child as [Command.Run] has to, and goes on collecting meanwhile: a
// child that has something to say at its end would else block.
func (p *Process) wind(ctx context.Context, grace time.Duration) {
	scope := WithShield(ctx)
	defer scope.Close()
	if grace > 0 && p.Terminate() == nil {
		scope.SetDeadline(p.loop.Time() + grace)
		p.Communicate(scope, nil)
	}
	if !p.done {
		p.Kill()
		p.awaitExit(p.loop.current, -1)
	}
	p.transfer() // what is left in the pipes
}

// ended notes that the child has ended, if so.
func (p *Process) ended() {
	if p.done {
		return
	}
	err := p.reap()
	var status *exec.ExitError
	switch {
	case errors.As(err, &status):
		p.err = fmt.Errorf("eventloop: %s: %w", p, err)
	case err != nil: // somebody else has reaped it, or the system does; see wait(2)
		p.err = fmt.Errorf("eventloop: how %s ended is not known: %w", p, err)
	}
	p.done, p.talk.until = true, p.loop.after(p.command.waitDelay())
	delete(p.loop.children, p)
	if p.loop.debug != nil {
		p.loop.debug.ended(p)
	}
	p.exit.wakeAll(nil)
	p.talk.news()
}

// String names the child: its program and number.
func (p *Process) String() string {
	return fmt.Sprintf("%s (process %d)", filepath.Base(p.command.Program), p.Pid())
}

// killChildren ends the children that are left when the loop is closed. Each is
// reaped right here, which takes as long as the kernel needs to end it.
func (l *Loop) killChildren() {
	for p := range l.children {
		if l.debug != nil {
			l.debug.report("%s, started at %s, still ran at Close and was killed", p, l.debug.origins[p])
		}
		p.Kill()
	}
	for p := range l.children {
		p.ended()
	}
}
