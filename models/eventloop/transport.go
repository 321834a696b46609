package eventloop

import (
	"context"
	"fmt"
	"net"
	"syscall"
)

// A Transport is a connection as a [Protocol] sees it: nothing in it waits. It is
// asyncio.Transport. All methods are for the tasks and callbacks of its loop.
type Transport struct {
	loop     *Loop
	conn     net.Conn
	own      *descriptor // of conn, if the loop itself reads from it
	out      outlet
	protocol Protocol
	state    transportState
	paused   bool // PauseReading was called
	atEnd    bool // the peer sends nothing more
	ending   bool // CloseWrite was called
	ended    bool // and is done
	abrupt   bool // Abort was called
	waits    bool // for something to read; counted in loop.outside
	err      error
	turn     Handle   // its next turn outside the news of the kernel
	again    func()   // what turn calls
	idle     waitList // its task, if it has one that does not read
	onLost   func()   // may be nil
}

type transportState uint8

const (
	transportOpen    transportState = iota
	transportClosing                // Close was called, there is something left to send
	transportLost                   // the protocol is about to be told
	transportGone
)

// newTransport returns a Transport on conn, which must not be used elsewhere.
func newTransport(ctx context.Context, conn net.Conn) *Transport {
	t := &Transport{loop: loopOf(ctx, "a Transport"), conn: conn}
	if d := streamOf(conn); d != nil && !d.read.busy {
		t.own = d
	}
	t.out = newOutlet(ctx, conn, t)
	t.again = t.step
	t.turn.loop = t.loop
	return t
}

// begin tells p that it has a connection, and begins to read for it.
func (t *Transport) begin(ctx context.Context, p Protocol) error {
	t.protocol = p
	if t.own == nil {
		t.loop.ready.push(new(Task).begin(context.WithoutCancel(ctx), t.loop, nil, t.feed))
		return nil
	}
	t.own.receiver = t
	t.made()
	if t.err != nil {
		return t.err
	}
	t.look()
	return nil
}

func (t *Transport) made() {
	defer t.rescue()
	defer t.loop.noTask()()
	t.protocol.ConnectionMade(t)
}

// Write sends b, and never waits: it sends at once what the kernel takes, keeps a
// copy of the rest, and the loop sends that as soon as it can. So the only error
// that counts is that of ConnectionLost; Write itself returns it as a
// *net.OpError if it is known already, net.ErrClosed after Close, and EPIPE after
// CloseWrite. It is transport.write.
//
// What is kept has no limit. Who sends more than the peer may read heeds
// PauseWriting.
func (t *Transport) Write(b []byte) (int, error) {
	if err := t.refusal(); err != nil {
		return 0, connFailure(t.conn, "write", err)
	}
	n, err := t.out.write(b)
	if err != nil {
		err = connFailure(t.conn, "write", err)
	}
	return n, err
}

// WriteAll is [Transport.Write] of several parts with one system call, or a few.
// It copies them. It is transport.writelines.
func (t *Transport) WriteAll(parts ...[]byte) (int, error) {
	if err := t.refusal(); err != nil {
		return 0, connFailure(t.conn, "write", err)
	}
	n, err := t.out.writeAll(parts)
	if err != nil {
		err = connFailure(t.conn, "write", err)
	}
	return n, err
}

func (t *Transport) refusal() error {
	if t.loop.debug != nil {
		t.loop.debug.check(t.loop)
	}
	switch {
	case t.err != nil:
		return t.err
	case t.state != transportOpen:
		return net.ErrClosed
	case t.ending:
		return syscall.EPIPE
	}
	return nil
}

// CloseWrite tells the peer that nothing more will be sent, after what is left.
// Reading goes on. It is transport.write_eof.
func (t *Transport) CloseWrite() error {
	if t.ending && t.state == transportOpen {
		return nil
	}
	if err := t.refusal(); err != nil {
		return connFailure(t.conn, "close", err)
	}
	t.ending = true
	t.out.settle()
	return nil
}

// Close reads nothing more, sends what is left, and then closes the connection and
// calls ConnectionLost with nil. A peer that does not read can keep that from
// happening; [Transport.Abort] does not wait for it. A second Close does nothing.
// Close returns nil; it is an io.Closer.
func (t *Transport) Close() error {
	if t.state == transportOpen {
		t.out.last()
		t.state = transportClosing
		t.count()
		t.out.settle()
	}
	return nil
}

// Abort closes the connection without sending what is left, and calls
// ConnectionLost with nil in the next tick. A TCP peer sees a reset.
func (t *Transport) Abort() { t.abort(nil) }

// abort is Abort with an error for ConnectionLost.
func (t *Transport) abort(err error) {
	t.abrupt = t.state < transportLost
	t.lose(err)
}

// Closing reports whether the connection was closed or lost, or is about to be.
// It is is_closing.
func (t *Transport) Closing() bool { return t.state != transportOpen }

// PauseReading has DataReceived not be called until [Transport.ResumeReading].
// The peer is held up when the kernel's buffers are full. The end and the loss of
// the connection go unnoticed meanwhile, unless something is to be sent.
func (t *Transport) PauseReading() {
	t.paused = true
	t.count()
}

// ResumeReading ends a pause. What has come meanwhile is received in the next
// tick.
func (t *Transport) ResumeReading() {
	if t.paused {
		t.paused = false
		t.look()
	}
}

// SetWriteBufferLimits sets how many bytes may wait to be sent before PauseWriting
// is called, and how many may be left when ResumeWriting is. They are
// [DefaultHighWater] and [DefaultLowWater] at first. It panics unless
// 0 <= low <= high.
func (t *Transport) SetWriteBufferLimits(high, low int) {
	setMarks(t.out, t, high, low)
}

// setMarks sets the limits of o, and tells s what that means.
func setMarks(o outlet, s sender, high, low int) {
	m := o.marks()
	m.set(high, low)
	switch {
	case m.rise(o.size()):
		s.pause()
	case m.fall(o.size()):
		s.resume()
	}
}

// WriteBufferSize returns how many bytes wait to be sent.
func (t *Transport) WriteBufferSize() int { return t.out.size() }

// SetProtocol has p called from now on.
func (t *Transport) SetProtocol(p Protocol) { t.protocol = p }

// LocalAddr returns the address of this end.
func (t *Transport) LocalAddr() net.Addr { return t.conn.LocalAddr() }

// RemoteAddr returns the address of the peer.
func (t *Transport) RemoteAddr() net.Addr { return t.conn.RemoteAddr() }

func (t *Transport) String() string { return fmt.Sprintf("Transport with %v", t.conn.RemoteAddr()) }
