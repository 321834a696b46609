package eventloop

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"
)

// ErrHasTransport is what a task gets that reads from a connection whose bytes go
// to a [Protocol].
var ErrHasTransport = errors.New("eventloop: a Transport reads from this connection; what comes goes to its Protocol")

// ErrReplaced is what a [Writer] returns when another one has been made for its
// connection.
var ErrReplaced = errors.New("eventloop: another Writer has taken this connection over; write to that one")

// streamOf returns the socket of conn, if that is one of the loop and of a stream,
// and it is free to have an outbox.
func streamOf(conn net.Conn) *descriptor {
	c, ok := conn.(interface{ stream() *descriptor })
	if !ok {
		return nil
	}
	d := c.stream()
	if d == nil || d.receiver != nil || d.out != nil && d.out.size() > 0 {
		return nil
	}
	return d
}

// innermost returns the connection below those that say what they are built upon,
// as one of crypto/tls does.
func innermost(conn net.Conn) net.Conn {
	for {
		c, ok := conn.(interface{ NetConn() net.Conn })
		if !ok {
			return conn
		}
		conn = c.NetConn()
	}
}

// newOutlet returns what is to send on conn for s.
func newOutlet(ctx context.Context, conn net.Conn, s sender) outlet {
	inner := innermost(conn)
	d := streamOf(inner)
	switch {
	case d == nil:
		return newPump(ctx, conn, s)
	case inner == conn:
		return newOutbox(d, s)
	default:
		return newLayer(conn, d, s)
	}
}

// handshakeTimeout is that of asyncio.
const handshakeTimeout = time.Minute

// handshake has conn do what has to be done before anything can be sent, and
// suspends the calling task. While crypto/tls does so it holds a lock, for which
// another task that sends would block the loop.
func handshake(ctx context.Context, conn net.Conn) error {
	c, ok := conn.(interface{ Handshake() error })
	if !ok {
		return nil
	}
	scope := WithTimeout(ctx, handshakeTimeout)
	defer scope.Close()
	t := running(ctx)
	defer t.setAmbient(t.setAmbient(scope))
	return c.Handshake()
}

// A closeWriter is a connection of which one direction can end alone.
type closeWriter interface{ CloseWrite() error }

// closeWrite ends one direction of conn.
func closeWrite(conn net.Conn) error {
	if c, ok := conn.(closeWriter); ok {
		return c.CloseWrite()
	}
	return fmt.Errorf("eventloop: %T cannot end one direction alone, only Close: %w", conn, errors.ErrUnsupported)
}

// abortConn closes conn at once, without what its protocol says at the end. Over
// TCP the peer is told that with a reset.
func abortConn(conn net.Conn) {
	inner := innermost(conn)
	if c, ok := inner.(interface{ reset() }); ok {
		c.reset()
	} else {
		inner.Close()
	}
	if inner != conn {
		conn.Close() // which finds that it can send nothing
	}
}

// connFailure returns err as errors of connections are.
func connFailure(conn net.Conn, op string, err error) error {
	var known *net.OpError
	if errors.As(err, &known) {
		return err
	}
	e := &net.OpError{Op: op, Source: conn.LocalAddr(), Addr: conn.RemoteAddr(), Err: err}
	if e.Source != nil {
		e.Net = e.Source.Network()
	}
	return e
}
