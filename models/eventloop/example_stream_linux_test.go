package eventloop_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"juggle/models/eventloop"
)

// A server and a client that talk in lines, as those of
// asyncio's page on streams do.
func ExampleServeStream() {
	err := eventloop.Run(context.Background(), func(ctx context.Context) error {
		l, err := eventloop.Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		server := eventloop.ServeStream(ctx, l, func(ctx context.Context, r *eventloop.Reader, w *eventloop.Writer) error {
			for {
				line, err := r.ReadLine(ctx)
				if err == io.EOF {
					return nil
				}
				if err != nil {
					return err
				}
				w.Write(line)
				if err := w.Drain(ctx); err != nil {
					return err
				}
			}
		})

		r, w, err := eventloop.DialStream(ctx, "tcp", l.Addr().String())
		if err != nil {
			return err
		}
		fmt.Fprintln(w, "Hello World!")
		line, err := r.ReadLine(ctx)
		if err != nil {
			return err
		}
		fmt.Printf("received: %s", line)
		w.Close()
		return errors.Join(w.WaitClosed(ctx), server.Shutdown(ctx, time.Second))
	})
	fmt.Println(err)
	// Output:
	// received: Hello World!
	// <nil>
}
