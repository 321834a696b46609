package eventloop_test

import (
	"context"
	"fmt"

	"juggle/models/eventloop"
)

// An Echo sends back what comes, and stops reading from a peer that does not read.
type Echo struct {
	eventloop.BaseProtocol
	peer *eventloop.Transport
}

func (e *Echo) ConnectionMade(t *eventloop.Transport) { e.peer = t }

func (e *Echo) DataReceived(data []byte) { e.peer.Write(data) }

func (e *Echo) PauseWriting() { e.peer.PauseReading() }

func (e *Echo) ResumeWriting() { e.peer.ResumeReading() }

// A server by callbacks, as the echo server of asyncio's page on transports and
// protocols, and a client by streams.
func ExampleServeProtocol() {
	err := eventloop.Run(context.Background(), func(ctx context.Context) error {
		l, err := eventloop.Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		server := eventloop.ServeProtocol(ctx, l, func() eventloop.Protocol { return new(Echo) })

		r, w, err := eventloop.DialStream(ctx, "tcp", l.Addr().String())
		if err != nil {
			return err
		}
		w.Write([]byte("Hello World!"))
		answer, err := r.ReadExactly(ctx, 12)
		if err != nil {
			return err
		}
		fmt.Printf("%s, %d client\n", answer, server.Clients())
		server.Close()
		server.CloseClients()
		_, err = r.ReadLine(ctx)
		fmt.Println(err)
		w.Close()
		return server.WaitClosed(ctx)
	})
	fmt.Println(err)
	// Output:
	// Hello World!, 1 client
	// EOF
	// <nil>
}
