package eventloop

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
)

const (
	// incomingSize is how much a Transport receives at once. There is one buffer
	// for all of a loop.
	incomingSize = 64 << 10
	// maxReceives is how often a Transport receives in one turn, so that a peer
	// that sends without a pause does not keep the loop from the others.
	maxReceives = 4
)

// reads reports whether t wants what comes.
func (t *Transport) reads() bool {
	return t.state == transportOpen && !t.paused && !t.atEnd
}

// count notes in the loop whether t waits for its peer.
func (t *Transport) count() {
	waits := t.own != nil && t.reads()
	if waits != t.waits {
		t.waits = waits
		if waits {
			t.loop.outside++
		} else {
			t.loop.outside--
		}
	}
}

// look has t look for something to read soon. The poller does not say again what
// it has said.
func (t *Transport) look() {
	t.count()
	if t.own != nil {
		t.schedule()
	} else {
		t.idle.wakeAll(nil)
	}
}

// schedule gives t a turn in the next tick.
func (t *Transport) schedule() {
	if t.turn.call == nil {
		t.turn.call = t.again
		t.loop.ready.push(&t.turn)
	}
}

// step is that turn.
func (t *Transport) step() {
	if t.state == transportLost {
		t.tell()
	} else {
		t.receive()
	}
}

// receive reads what there is, but not for ever.
func (t *Transport) receive() {
	defer t.rescue()
	if t.loop.incoming == nil {
		t.loop.incoming = make([]byte, incomingSize)
	}
	buf := t.loop.incoming
	for range maxReceives {
		if !t.reads() {
			return
		}
		n, err := receive(t.own.fd, buf)
		switch {
		case n > 0:
			t.protocol.DataReceived(buf[:n])
			// Less than was asked for is all there is, so the call that would
			// say so is saved; see the last question of epoll(7).
			if n < len(buf) && !t.own.odd {
				return
			}
		case err == nil:
			t.end()
			return
		case err == syscall.EAGAIN:
			return
		case err != syscall.EINTR:
			t.lose(connFailure(t.conn, "read", os.NewSyscallError("read", err)))
			return
		}
	}
	t.schedule()
}

// end is called when the peer sends nothing more.
func (t *Transport) end() {
	t.atEnd = true
	t.count()
	if !t.protocol.EOFReceived() {
		t.Close()
	}
}

// feed is the task that reads for a Transport whose connection is no socket of the
// loop.
func (t *Transport) feed(ctx context.Context) error {
	task := running(ctx)
	err := handshake(ctx, t.conn)
	ours := t.state >= transportLost || task.obeyed(err)
	if err != nil && !ours && !errors.Is(err, io.EOF) { // who only looks in has done nothing wrong
		t.loop.report(t.failure(err))
	}
	if err != nil || ours {
		t.dismiss() // the protocol has not heard of it
		return nil
	}
	t.made()
	buf := make([]byte, incomingSize/4) // the most that a record of TLS holds
	defer t.tell()
	for t.state < transportLost {
		if !t.reads() {
			t.rest(task)
			continue
		}
		n, err := t.conn.Read(buf)
		for n > 0 && t.state == transportOpen && t.paused {
			t.rest(task)
		}
		t.fed(buf[:n], err)
	}
	return nil
}

// rest suspends t's task until there is something to do for it.
func (t *Transport) rest(task *Task) {
	t.idle.push(task)
	if err := task.suspend(task.context(), t); err != nil {
		t.abort(err)
	}
}

// fed passes on what a Read has returned.
func (t *Transport) fed(b []byte, err error) {
	defer t.rescue()
	defer t.loop.noTask()()
	if len(b) > 0 && t.reads() {
		t.protocol.DataReceived(b)
	}
	switch {
	case err == nil || !t.reads():
	case errors.Is(err, io.EOF):
		t.end()
	default:
		t.lose(connFailure(t.conn, "read", err))
	}
}

func (t *Transport) pause() {
	defer t.rescue()
	defer t.loop.noTask()()
	t.protocol.PauseWriting()
}

func (t *Transport) resume() {
	defer t.rescue()
	defer t.loop.noTask()()
	t.protocol.ResumeWriting()
}

func (t *Transport) emptied() {
	switch {
	case t.state == transportClosing:
		t.lose(nil)
	case t.state == transportOpen && t.ending && !t.ended:
		t.ended = true
		if err := t.out.finish(); err != nil {
			t.lose(connFailure(t.conn, "close", err))
		}
	}
}

func (t *Transport) failed(err error) {
	t.lose(connFailure(t.conn, "write", err))
	if t.loop.ended {
		t.tell() // nobody else will
	}
}

// lose ends the connection, and has the protocol be told soon: never inside a call
// of Write or Close, where it would be a surprise.
func (t *Transport) lose(err error) {
	if t.state >= transportLost {
		return
	}
	t.state, t.err = transportLost, err
	t.out.discard()
	t.count()
	switch {
	case t.own != nil:
		if t.abrupt {
			resetOnClose(t.own.fd)
		}
		t.schedule()
	case t.abrupt:
		abortConn(t.conn)
		t.idle.wakeAll(nil)
	default:
		t.conn.Close()
		t.idle.wakeAll(nil)
	}
}

// tell tells the protocol that its connection is lost.
func (t *Transport) tell() {
	if t.state != transportLost {
		return
	}
	defer t.dismiss()
	defer t.rescue()
	defer t.loop.noTask()()
	t.protocol.ConnectionLost(t.err)
}

// dismiss releases what t holds.
func (t *Transport) dismiss() {
	t.state = transportGone
	t.conn.Close()
	if t.onLost != nil {
		t.onLost()
	}
}

func (t *Transport) failure(err error) error {
	return fmt.Errorf("eventloop: protocol of the connection with %v: %w", t.conn.RemoteAddr(), err)
}

// noTask has what is called until the function that it returns is called be no
// part of a task, and so panic if it waits.
func (l *Loop) noTask() (restore func()) {
	t := l.current
	l.current = nil
	return func() { l.current = t }
}

// rescue is to be deferred around calls of the protocol.
func (t *Transport) rescue() {
	if v := recover(); v != nil {
		err := newPanicError(v)
		t.loop.report(t.failure(err))
		t.abort(err)
	}
}
