package eventloop_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"juggle/models/eventloop"
)

// TestCommunicate covers "communicate with both pipes never deadlocks".
func TestCommunicate(t *testing.T) {
	const size = 3 << 20
	checkChildren(t)
	run(t, func(ctx context.Context) error {
		p, err := piped("outpour", fmt.Sprint(size)).Start(ctx)
		if err != nil {
			return err
		}
		input := bytes.Repeat([]byte("input\n"), size/6)
		stdout, stderr, err := p.Communicate(ctx, input)
		if err != nil {
			return err
		}
		want := append(bytes.Repeat([]byte("x"), size), input...)
		if !bytes.Equal(stdout, want) || !bytes.Equal(stderr, want) {
			t.Errorf("got %d and %d bytes, want %d", len(stdout), len(stderr), len(want))
		}
		again, _, err := p.Communicate(ctx, nil)
		if err != nil || !bytes.Equal(again, want) {
			t.Errorf("Communicate again: %d bytes, %v", len(again), err)
		}
		return nil
	})
}

// TestCommunicateGoesOn cuts Communicate short, again and again, at whatever it is
// about: nothing is lost, in either direction.
func TestCommunicateGoesOn(t *testing.T) {
	const size = 1 << 20
	checkChildren(t)
	run(t, func(ctx context.Context) error {
		p, err := piped("outpour", fmt.Sprint(size)).Start(ctx)
		if err != nil {
			return err
		}
		input := bytes.Repeat([]byte("y"), size)
		cuts := 0
		for {
			scope := eventloop.WithScope(ctx)
			eventloop.Go(scope, func(context.Context) error {
				for range cuts % 7 {
					eventloop.Yield(ctx)
				}
				scope.Cancel(errTest)
				return nil
			})
			stdout, stderr, err := p.Communicate(scope, input)
			scope.Close()
			input = nil
			if errors.Is(err, errTest) && cuts < 1e6 {
				cuts++
				continue
			}
			want := strings.Repeat("x", size) + strings.Repeat("y", size)
			if string(stdout) != want || string(stderr) != want {
				t.Errorf("got %d and %d bytes, want %d", len(stdout), len(stderr), len(want))
			}
			if cuts == 0 {
				t.Error("nothing cut it short")
			}
			return err
		}
	})
}

func TestOutputLimit(t *testing.T) {
	checkChildren(t)
	run(t, func(ctx context.Context) error {
		for limit, fits := range map[int]bool{1000: true, 999: false, 1: false, -1: true} {
			c := piped("outpour", "1000")
			c.MaxOutput = limit
			stdout, _, err := c.Run(ctx, nil)
			var tooMuch *eventloop.OutputLimitError
			switch {
			case fits && (err != nil || len(stdout) != 1000):
				t.Errorf("limit %d: %d bytes, %v", limit, len(stdout), err)
			case !fits && (!errors.As(err, &tooMuch) || tooMuch.Limit != limit || len(stdout) > limit):
				t.Errorf("limit %d: %d bytes, %v", limit, len(stdout), err)
			}
		}
		return nil
	})
}

func TestCommunicateMisuse(t *testing.T) {
	checkChildren(t)
	run(t, func(ctx context.Context) error {
		c := child("cat")
		c.Stdout = eventloop.StdioPipe
		p, err := c.Start(ctx)
		if err != nil {
			return err
		}
		if _, _, err := p.Communicate(ctx, []byte("input")); err == nil || !strings.Contains(err.Error(), "Stdin is no pipe that is open") {
			t.Errorf("input without a pipe: %v", err)
		}
		p.Stop(ctx, 0)

		if p, err = piped("sleep").Start(ctx); err != nil {
			return err
		}
		p.Stdin.Close()
		if _, _, err := p.Communicate(ctx, []byte("input")); err == nil || !strings.Contains(err.Error(), "Stdin is no pipe that is open") {
			t.Errorf("input for a pipe that is closed: %v", err)
		}
		p.Stop(ctx, 0)

		if p, err = piped("cat").Start(ctx); err != nil {
			return err
		}
		reader := eventloop.GoEager(ctx, func(context.Context) error { _, err := p.Stdout.Read(make([]byte, 1)); return err })
		_, _, err = p.Communicate(ctx, nil)
		if err == nil || !strings.Contains(err.Error(), "another task uses the pipes") {
			t.Errorf("Communicate while another task reads: %v", err)
		}
		p.Stop(ctx, 0)
		if err := reader.Wait(ctx); err != io.EOF && !errors.Is(err, net.ErrClosed) {
			t.Errorf("the reader gets %v", err)
		}
		return nil
	})
}

// TestChildPrintsOn has a flood of output on one side and a timer on the other: the
// task that collects lets others run.
func TestChildPrintsOn(t *testing.T) {
	checkChildren(t)
	run(t, func(ctx context.Context) error {
		null, err := os.Open("/dev/zero")
		if err != nil {
			return err
		}
		defer null.Close()
		c := piped("cat")
		c.Stdin, c.MaxOutput = eventloop.StdioFile(null), -1
		p, err := c.Start(ctx)
		if err != nil {
			return err
		}
		scope := eventloop.WithTimeout(ctx, 20*time.Millisecond)
		defer scope.Close()
		stdout, _, err := p.Communicate(scope, nil)
		wantIs(t, "Communicate", err, context.DeadlineExceeded)
		if len(bytes.Trim(stdout, "\x00")) > 0 {
			t.Error("the output is wrong")
		}
		p.Stop(ctx, 0)
		if _, err := p.Stdout.Read(make([]byte, 1)); err == nil || err == io.EOF {
			t.Errorf("Read after Stop: %v", err)
		}
		return nil
	})
}

// TestRunCollects leaves the streams zero, or sends one to the null device.
func TestRunCollects(t *testing.T) {
	checkLeftovers(t)
	run(t, func(ctx context.Context) error {
		c := eventloop.Command{Program: "cat"}
		out, errOut, err := c.Run(ctx, []byte("text"))
		if string(out) != "text" || len(errOut) != 0 || err != nil {
			t.Errorf("got %q, %q, %v", out, errOut, err)
		}
		c.Stdout = eventloop.StdioNull
		out, _, err = c.Run(ctx, []byte("text"))
		if len(out) != 0 || err != nil {
			t.Errorf("with the null device: %q, %v", out, err)
		}
		return nil
	})
}
