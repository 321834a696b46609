package eventloop_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"juggle/models/eventloop"
)

// withoutKernel runs main in a loop that has no poller of the system.
func withoutKernel(t *testing.T, main func(ctx context.Context, l *eventloop.Loop) error) {
	t.Helper()
	l, err := eventloop.New(eventloop.Options{VirtualTime: true, WithoutKernel: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Run(t.Context(), func(ctx context.Context) error { return main(ctx, l) }); err != nil {
		t.Error(err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

// TestNetworkWithoutKernel is for every system.
func TestNetworkWithoutKernel(t *testing.T) {
	withoutKernel(t, func(ctx context.Context, l *eventloop.Loop) error {
		n := eventloop.NewNetwork(eventloop.NetworkOptions{Latency: time.Hour})
		listener, err := n.Listen(ctx, "server")
		if err != nil {
			return err
		}
		eventloop.Go(ctx, func(context.Context) error {
			c, err := listener.Accept()
			if err != nil {
				return err
			}
			if _, err := io.Copy(c, c); err != nil {
				return err
			}
			return c.Close()
		})
		c, err := n.Dial(ctx, "server")
		if err != nil {
			return err
		}
		io.WriteString(c, "hello")
		c.(interface{ CloseWrite() error }).CloseWrite()
		got, err := io.ReadAll(c)
		if string(got) != "hello" || err != nil || l.Time() != 4*time.Hour {
			t.Errorf("got %q at %v: %v", got, l.Time(), err)
		}
		// From another goroutine, which has to wake the loop.
		_, err = eventloop.Offload(ctx, func() (int, error) { return 0, c.Close() })
		return err
	})
}

func TestSocketsNeedAKernel(t *testing.T) {
	path := filepath.Join(t.TempDir(), "socket")
	withoutKernel(t, func(ctx context.Context, _ *eventloop.Loop) error {
		_, stream := eventloop.Listen(ctx, "unix", path)
		_, packets := eventloop.ListenPacket(ctx, "unixgram", path)
		_, dialled := eventloop.Dial(ctx, "udp", "127.0.0.1:9")
		for what, err := range map[string]error{"Listen": stream, "ListenPacket": packets, "Dial": dialled} {
			if !errors.Is(err, errors.ErrUnsupported) {
				t.Errorf("%s: got %v", what, err)
			}
		}
		return nil
	})
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket's file is there: %v", err)
	}
}
