package eventloop

import (
	"context"
	"errors"
	"net"
)

// DialStream connects to an address as [Dial] does, and returns what reads from the
// connection and writes to it. Close the [Writer] in the end. It is
// asyncio.open_connection and open_unix_connection.
func DialStream(ctx context.Context, network, address string) (*Reader, *Writer, error) {
	conn, err := Dial(ctx, network, address)
	if err != nil {
		return nil, nil, err
	}
	return NewReader(conn), NewWriter(ctx, conn), nil
}

// ServeStream is [Serve] with streams: handler is called in a task of its own for
// each connection that l accepts. When it returns, what is left is sent, and the
// connection is closed. It is asyncio.start_server and start_unix_server.
func ServeStream(ctx context.Context, l net.Listener, handler func(ctx context.Context, r *Reader, w *Writer) error) *Server {
	return serve(ctx, l, func(ctx context.Context, s *Server, c net.Conn) {
		var w *Writer
		p := s.admit(streamPeer{c, &w})
		s.attend(ctx, p, func(ctx context.Context) error {
			w = NewWriter(ctx, c)
			err := handler(ctx, NewReader(c), w)
			w.Close()
			w.WaitClosed(ctx) // whether all was sent is for handler to ask
			return err
		})
	})
}

// A streamPeer is the client of ServeStream. It has a Writer as soon as its task
// has begun.
type streamPeer struct {
	net.Conn
	w **Writer
}

// Close lets what was written be sent.
func (p streamPeer) Close() error {
	if w := *p.w; w != nil {
		return w.Close()
	}
	return p.Conn.Close()
}

func (p streamPeer) Abort() {
	if w := *p.w; w != nil {
		w.Abort()
	} else {
		abortConn(p.Conn)
	}
}

// DialProtocol connects to an address as [Dial] does, and has p called with what
// comes. When it returns, ConnectionMade has been called, and DataReceived has
// not. It is loop.create_connection and create_unix_connection.
func DialProtocol(ctx context.Context, network, address string, p Protocol) (*Transport, error) {
	conn, err := Dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	t := newTransport(ctx, conn)
	if t.own == nil {
		conn.Close()
		return nil, connFailure(conn, "dial", errors.New("eventloop: a Protocol needs a connection of bytes; for messages there is ListenPacket"))
	}
	if err := t.begin(ctx, p); err != nil {
		return nil, err
	}
	return t, nil
}

// ServeProtocol is [Serve] with callbacks: factory makes a [Protocol] for each
// connection that l accepts. It is loop.create_server and create_unix_server.
//
// For sockets of the loop this takes no task per connection. Others, such as those
// of crypto/tls or a [Network], have one that reads; the handshake comes before
// ConnectionMade.
func ServeProtocol(ctx context.Context, l net.Listener, factory func() Protocol) *Server {
	return serve(ctx, l, func(ctx context.Context, s *Server, c net.Conn) {
		var p Protocol
		s.loop.guard(func() { p = factory() })
		if p == nil {
			c.Close() // factory has panicked, which is reported
			return
		}
		t := newTransport(ctx, c)
		seat := s.admit(t)
		t.onLost = func() { s.dismiss(seat) }
		t.begin(ctx, p) // its error was reported, or is for p alone
	})
}
