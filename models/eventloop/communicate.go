package eventloop

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"syscall"
)

// An OutputLimitError says that a child has printed more than MaxOutput of its
// [Command] allows to collect.
type OutputLimitError struct {
	Stream string // stdout or stderr
	Limit  int    // in bytes
}

func (e *OutputLimitError) Error() string {
	return fmt.Sprintf("eventloop: the child printed more than %d bytes to %s; raise MaxOutput, or read the pipe piece by piece", e.Limit, e.Stream)
}

var (
	errTalking = errors.New("eventloop: another task uses the pipes of the child already; only one can communicate with it")
	errNoStdin = errors.New("eventloop: there is input, but the child's Stdin is no pipe that is open; set it to StdioPipe, and give all input at once")
)

// A talk is what Communicate knows of a child, over several calls if need be.
type talk struct {
	pipes     [3]*childPipe // by number of the stream, nil where there is none
	input     []byte        // what was not written yet
	collected [3][]byte     // what was read
	going     bool          // a task is in Communicate
	waiting   waitList      // that task
	until     int64         // when to give up on the pipes of a child that has ended
}

// news is called when the child has ended, and when there may be something to do
// for a pipe.
func (k *talk) news() { k.waiting.wakeAll(nil) }

// Communicate writes input to the child and closes its stdin, reads stdout and
// stderr to their end, and waits for the end of the child. It does all of that
// at once, so that it cannot deadlock with full pipes. It returns what was read,
// and the error of [Process.Wait]. A stream that is no pipe is left alone; input
// is to be empty if stdin is none. At the end the pipes are closed. It is
// asyncio's communicate.
//
// If ctx ends first, Communicate returns the cause, and with it what was read so
// far. Nothing is lost: another call, with empty input, goes on where this one
// stopped, and returns all. The child runs on.
//
// A child that prints more than MaxOutput is no longer listened to: its pipes
// are closed, with which most programs end, and the error is an
// [*OutputLimitError]. When the child has ended, but a process that it started
// still holds the pipes after WaitDelay, they are closed too, and the error wraps
// exec.ErrWaitDelay, besides that of the child.
//
// Communicate runs in the calling task alone and needs no goroutine. While it
// does, other tasks that read or write the pipes wait.
func (p *Process) Communicate(ctx context.Context, input []byte) (stdout, stderr []byte, err error) {
	t := running(ctx)
	switch {
	case t.loop != p.loop:
		return nil, nil, ErrOtherLoop
	case len(input) > 0 && !p.talk.hears():
		return nil, nil, errNoStdin
	case !p.talk.begin():
		return nil, nil, errTalking
	}
	defer p.talk.end()
	p.talk.input = append(p.talk.input, input...)
	err = p.exchange(ctx, t)
	stdout, stderr = p.output()
	return stdout, stderr, err
}

// hears reports whether input can be written.
func (k *talk) hears() bool { return k.pipes[0] != nil && !k.pipes[0].closed.Load() }

// begin takes all pipes, if they are free.
func (k *talk) begin() bool {
	for i, c := range k.pipes {
		if k.going || c != nil && c.half(i).busy {
			return false
		}
	}
	k.going = true
	for i, c := range k.pipes {
		if c != nil {
			c.half(i).busy = true
		}
	}
	return true
}

// end gives them back.
func (k *talk) end() {
	k.going = false
	for i, c := range k.pipes {
		if c != nil {
			c.leave(c.half(i))
		}
	}
}

// output returns what was collected.
func (p *Process) output() (stdout, stderr []byte) {
	return slices.Clip(p.talk.collected[1]), slices.Clip(p.talk.collected[2])
}

// exchange transfers until the child and its output have ended.
func (p *Process) exchange(ctx context.Context, t *Task) error {
	for {
		if err := t.ended(ctx); err != nil {
			return err
		}
		late := p.done && p.loop.now() >= p.talk.until
		moved, err := p.transfer()
		switch {
		case err != nil:
			p.closePipes()
			return err
		case p.done && p.talk.silent():
			return p.err
		case late:
			p.closePipes()
			return errors.Join(p.err, fmt.Errorf("eventloop: a process that %s started still holds its pipes: %w", p, exec.ErrWaitDelay))
		case moved:
			if p.loop.credit--; p.loop.credit < 0 {
				t.pass()
			}
		default:
			if err := p.awaitNews(ctx, t); err != nil {
				return err
			}
		}
	}
}

// awaitNews suspends t until there may be something to transfer.
func (p *Process) awaitNews(ctx context.Context, t *Task) error {
	p.talk.waiting.push(t)
	if p.done {
		t.arm(p.talk.until, false)
	}
	p.loop.outside++
	err := t.suspend(ctx, p)
	p.loop.outside--
	return err
}

// silent reports whether nothing more can come from the child.
func (k *talk) silent() bool {
	for _, c := range k.pipes[1:] {
		if c != nil && !c.closed.Load() {
			return false
		}
	}
	return true
}

// transfer moves what can be moved without waiting, a piece per pipe, and reports
// whether there was any. It closes what has come to its end.
func (p *Process) transfer() (moved bool, err error) {
	if p.talk.hears() {
		moved, err = p.feed(p.talk.pipes[0])
	}
	for i, c := range p.talk.pipes {
		if i == 0 || c == nil || c.closed.Load() || err != nil {
			continue
		}
		var some bool
		some, err = p.collect(i, c)
		moved = moved || some
	}
	return moved, err
}

// feed writes to stdin. That the child does not want all of it is no error.
func (p *Process) feed(c *childPipe) (moved bool, err error) {
	k := &p.talk
	if len(k.input) > 0 && !p.done {
		n, err := writeNow(c.fd, k.input)
		k.input = k.input[n:]
		switch {
		case errors.Is(err, errWouldBlock):
			return false, nil
		case err != nil && !errors.Is(err, syscall.EPIPE):
			return false, c.failure("write", err)
		case err == nil && len(k.input) > 0:
			return true, nil
		}
	}
	k.input = nil
	c.close()
	return true, nil
}

// collectSize is how much room there is for one reading. It is what a pipe of
// Linux holds, so that one reading takes all that a child has left there.
const collectSize = 64 << 10

// collect reads from stream number i.
func (p *Process) collect(i int, c *childPipe) (moved bool, err error) {
	got := slices.Grow(p.talk.collected[i], collectSize)
	n, err := readNow(c.fd, got[len(got):len(got)+collectSize])
	limit := p.command.maxOutput()
	got = got[:len(got)+n]
	p.talk.collected[i] = got[:min(len(got), limit)]
	switch {
	case errors.Is(err, errWouldBlock):
		return false, nil
	case err != nil:
		return false, c.failure("read", err)
	case len(got) > limit:
		return true, &OutputLimitError{Stream: streamNames[i], Limit: limit}
	case n == 0:
		c.close()
	}
	return true, nil
}

// closePipes closes this side's ends of the pipes.
func (p *Process) closePipes() {
	for _, c := range p.talk.pipes {
		if c != nil && !c.closed.Load() {
			c.close()
		}
	}
}
