package eventloop_test

import (
	"context"
	"fmt"
	"io"
	"time"

	"juggle/models/eventloop"
)

func Example() {
	err := eventloop.Run(context.Background(), func(ctx context.Context) error {
		fmt.Println("hello")
		if err := eventloop.Sleep(ctx, time.Millisecond); err != nil {
			return err
		}
		fmt.Println("world")
		return nil
	})
	fmt.Println(err)
	// Output:
	// hello
	// world
	// <nil>
}

// Two tasks sleep at the same time, on one thread.
func ExampleGo() {
	err := eventloop.Run(context.Background(), func(ctx context.Context) error {
		quick := eventloop.Go(ctx, func(ctx context.Context) error {
			defer fmt.Println("quick is done")
			return eventloop.Sleep(ctx, time.Millisecond)
		})
		slow := eventloop.Go(ctx, func(ctx context.Context) error {
			defer fmt.Println("slow is done")
			return eventloop.Sleep(ctx, 30*time.Millisecond)
		})
		if err := slow.Wait(ctx); err != nil {
			return err
		}
		return quick.Wait(ctx)
	})
	fmt.Println(err)
	// Output:
	// quick is done
	// slow is done
	// <nil>
}

// A server and its client in one loop. When the client is done, so is main, and
// the server, which would wait for ever, is cancelled.
func ExampleListen() {
	err := eventloop.Run(context.Background(), func(ctx context.Context) error {
		l, err := eventloop.Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		eventloop.Go(ctx, func(ctx context.Context) error {
			for {
				c, err := l.Accept()
				if err != nil {
					return err
				}
				eventloop.Go(ctx, func(context.Context) error {
					defer c.Close()
					_, err := fmt.Fprintln(c, "hello, client")
					return err
				})
			}
		})
		c, err := eventloop.Dial(ctx, "tcp", l.Addr().String())
		if err != nil {
			return err
		}
		defer c.Close()
		answer, err := io.ReadAll(c)
		fmt.Printf("%s", answer)
		return err
	})
	fmt.Println(err)
	// Output:
	// hello, client
	// <nil>
}

// A timeout is a derived context, as everywhere in Go.
func ExampleSleep_timeout() {
	err := eventloop.Run(context.Background(), func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, time.Millisecond)
		defer cancel()
		return eventloop.Sleep(ctx, time.Hour)
	})
	fmt.Println(err)
	// Output: context deadline exceeded
}
