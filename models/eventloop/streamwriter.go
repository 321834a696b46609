package eventloop

import (
	"context"
	"fmt"
	"net"
	"syscall"
)

// A Writer sends on a connection without waiting, and says when it is time to wait.
// It is asyncio.StreamWriter. Make one with [NewWriter], [DialStream] or
// [ServeStream].
//
// Write never waits, so who writes more than the peer may read calls
// [Writer.Drain] now and then: it waits while there is too much, so that no more
// than the high mark and what is written between two calls is ever kept.
//
// All methods are for the tasks and callbacks of the loop; those that take a
// context are for tasks.
type Writer struct {
	loop     *Loop
	conn     net.Conn
	out      outlet
	err      error    // why nothing can be sent any more
	drainers waitList // tasks in Drain
	closers  waitList // tasks in WaitClosed
	closing  bool     // Close was called
	closed   bool     // and is done
	ending   bool     // CloseWrite was called
	ended    bool     // and is done
}

// NewWriter returns a Writer for conn, which is to be written to through it alone
// from now on. conn may be any connection: of [Dial], of a [Network], or one that
// is built upon either, such as one of crypto/tls. It takes the place of an earlier
// Writer for the same connection, or the one below, if nothing is left in that.
// Thus a connection goes over to TLS: read and write with the one pair, and then
// make another on the tls.Conn.
//
// With a tls.Conn it first completes the handshake, for which it waits. If that
// fails, or takes a minute, Write and Drain return the error. A connection that is
// none of the loop's, nor built upon one by the method NetConn as crypto/tls is,
// gets a task that writes to it.
func NewWriter(ctx context.Context, conn net.Conn) *Writer {
	w := &Writer{loop: loopOf(ctx, "NewWriter"), conn: conn}
	err := handshake(ctx, conn)
	w.out = newOutlet(ctx, conn, w)
	if err != nil {
		w.failed(err)
	}
	return w
}

// Write sends b and never waits: it sends at once what the kernel takes, keeps a
// copy of the rest, and the loop sends that as soon as it can. It returns an error
// if the connection is known to be lost, net.ErrClosed after Close, and EPIPE after
// CloseWrite. It is StreamWriter.write, and an io.Writer.
func (w *Writer) Write(b []byte) (int, error) {
	if err := w.refusal(); err != nil {
		return 0, err
	}
	n, err := w.out.write(b)
	if err != nil {
		err = w.err
	}
	return n, err
}

// WriteAll is [Writer.Write] of several parts with one system call, or a few. It
// copies them. It is StreamWriter.writelines.
func (w *Writer) WriteAll(parts ...[]byte) (int, error) {
	if err := w.refusal(); err != nil {
		return 0, err
	}
	n, err := w.out.writeAll(parts)
	if err != nil {
		err = w.err
	}
	return n, err
}

// refusal returns why nothing can be written, or nil.
func (w *Writer) refusal() error {
	if w.loop.debug != nil {
		w.loop.debug.check(w.loop)
	}
	switch {
	case w.err != nil:
		return w.err
	case w.closing:
		return connFailure(w.conn, "write", net.ErrClosed)
	case w.ending:
		return connFailure(w.conn, "write", syscall.EPIPE)
	}
	return nil
}

// Drain waits while more is to be sent than the high mark, until it is no more than
// the low mark; mostly it does not wait at all. Any number of tasks may drain. It
// returns the error of a connection that is lost, and the cause if ctx ends first;
// what was written is still sent then. It allocates nothing with the task's own
// context. It is StreamWriter.drain.
func (w *Writer) Drain(ctx context.Context) error {
	t := running(ctx)
	if err := t.ended(ctx); err != nil {
		return err
	}
	switch {
	case w.err != nil:
		return w.err
	case w.closed:
		return connFailure(w.conn, "write", net.ErrClosed)
	case !w.out.marks().full:
		return nil
	}
	w.drainers.push(t)
	return t.park(ctx, w)
}

// CloseWrite tells the peer that nothing more will be sent, after what is left.
// Reading goes on. It returns an error that wraps errors.ErrUnsupported if the
// connection cannot do that, and has not done it then. It is
// StreamWriter.write_eof.
func (w *Writer) CloseWrite() error {
	if w.ending && w.err == nil {
		return nil
	}
	if err := w.refusal(); err != nil {
		return err
	}
	if _, ok := w.conn.(closeWriter); !ok {
		return connFailure(w.conn, "close", closeWrite(w.conn))
	}
	w.ending = true
	w.out.settle()
	return w.err
}

// Close sends what is left and then closes the connection. It does not wait; see
// [Writer.WaitClosed]. A second Close does nothing. Close returns nil; it is an
// io.Closer.
func (w *Writer) Close() error {
	if w.closing {
		return nil
	}
	w.closing = true
	if w.err != nil {
		w.close()
		return nil
	}
	w.out.last()
	w.out.settle()
	return nil
}

// Abort closes the connection without sending what is left. A TCP peer sees a
// reset.
func (w *Writer) Abort() {
	if w.closed {
		return
	}
	w.closing, w.closed = true, true
	w.out.discard()
	abortConn(w.conn)
	w.wake(connFailure(w.conn, "write", net.ErrClosed))
}

// Closing reports whether the connection was closed or lost, or is about to be.
// It is is_closing.
func (w *Writer) Closing() bool { return w.closing || w.err != nil }

// WaitClosed waits until the connection is closed, which is some time after Close
// or Abort, and returns the error if it was lost with something left to send. It is
// wait_closed.
func (w *Writer) WaitClosed(ctx context.Context) error {
	t := running(ctx)
	if err := t.ended(ctx); err != nil {
		return err
	}
	if w.closed {
		return w.err
	}
	w.closers.push(t)
	if err := t.park(ctx, w); err != nil {
		return err
	}
	return w.err
}

// SetWriteBufferLimits sets the marks of [Writer.Drain] in bytes. They are
// [DefaultHighWater] and [DefaultLowWater] at first. It panics unless
// 0 <= low <= high.
func (w *Writer) SetWriteBufferLimits(high, low int) { setMarks(w.out, w, high, low) }

// WriteBufferSize returns how many bytes wait to be sent.
func (w *Writer) WriteBufferSize() int { return w.out.size() }

// Conn returns the connection, which has the addresses.
func (w *Writer) Conn() net.Conn { return w.conn }

func (w *Writer) String() string { return fmt.Sprintf("Writer to %v", w.conn.RemoteAddr()) }

// close closes the connection, with nothing left to send.
func (w *Writer) close() {
	if w.closed {
		return
	}
	w.closed = true
	w.conn.Close()
	w.wake(nil)
}

// wake ends the waits of all tasks. Those in Drain return err.
func (w *Writer) wake(err error) {
	w.drainers.wakeAll(err)
	w.closers.wakeAll(nil)
}

func (w *Writer) pause() {}

func (w *Writer) resume() { w.drainers.wakeAll(nil) }

func (w *Writer) emptied() {
	if w.ending && !w.ended && w.err == nil {
		w.ended = true
		if err := w.out.finish(); err != nil {
			w.failed(err)
			return
		}
	}
	if w.closing && w.out.size() == 0 {
		w.close()
	}
}

func (w *Writer) failed(err error) {
	if w.err != nil || w.closed {
		return
	}
	w.err = connFailure(w.conn, "write", err)
	w.out.discard()
	w.drainers.wakeAll(w.err)
	if w.closing {
		w.close()
	}
}
