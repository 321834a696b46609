package eventloop_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"juggle/models/eventloop"
)

// TestExit covers the row "subprocess" of the checklist: how a child ended.
func TestExit(t *testing.T) {
	tests := []struct {
		role   string
		do     func(p *eventloop.Process) error
		status int
		signal syscall.Signal
	}{
		{"exit 0", nil, 0, 0},
		{"exit 7", nil, 7, 0},
		{"sleep", (*eventloop.Process).Kill, -1, syscall.SIGKILL},
		{"sleep", (*eventloop.Process).Terminate, -1, syscall.SIGTERM},
		{"sleep", func(p *eventloop.Process) error { return p.Signal(syscall.SIGHUP) }, -1, syscall.SIGHUP},
	}
	for _, test := range tests {
		for _, group := range []bool{false, true} {
			t.Run(fmt.Sprint(test.role, test.signal, group), func(t *testing.T) {
				checkChildren(t)
				run(t, func(ctx context.Context) error {
					role := strings.Fields(test.role)
					c := child(role[0], role[1:]...)
					c.Group = group
					p, err := c.Start(ctx)
					if err != nil {
						return err
					}
					if p.State() != nil {
						t.Error("there is a state before the end")
					}
					if test.do != nil {
						if err := test.do(p); err != nil {
							t.Error(err)
						}
					}
					err = p.Wait(ctx)
					if status, sig := exitOf(err); status != test.status || sig != test.signal {
						t.Errorf("Wait: %v", err)
					}
					if again := p.Wait(ctx); again != err || p.State() == nil || p.State().Pid() != p.Pid() {
						t.Errorf("Wait again: %v, state %v", again, p.State())
					}
					wantIs(t, "Signal after the end", p.Kill(), os.ErrProcessDone)
					return nil
				})
			})
		}
	}
}

func TestStdio(t *testing.T) {
	checkChildren(t)
	dir := t.TempDir()
	file, err := os.Create(filepath.Join(dir, "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	run(t, func(ctx context.Context) error {
		long := bytes.Repeat([]byte("0123456789"), 1e5)
		c := child("cat")
		c.Stdin, c.Stdout = eventloop.StdioBytes(long), eventloop.StdioPipe
		if got, _, err := c.Run(ctx, nil); err != nil || !bytes.Equal(got, long) {
			t.Errorf("bytes: got %d, %v", len(got), err)
		}
		c.Stdin = eventloop.Stdio{}
		if got, _, err := c.Run(ctx, []byte("input")); err != nil || string(got) != "input" {
			t.Errorf("input: got %q, %v", got, err)
		}
		if got, _, err := c.Run(ctx, nil); err != nil || len(got) != 0 {
			t.Errorf("the null device: got %q, %v", got, err)
		}

		c = child("surround", "an argument", "$HOME", "*")
		c.Dir, c.Stdout, c.Stderr = dir, eventloop.StdioFile(file), eventloop.StdioMerge
		c.Env = append(c.Env, "EVENTLOOP_TEST_VALUE=first", "EVENTLOOP_TEST_VALUE=last")
		if _, _, err := c.Run(ctx, nil); err != nil {
			t.Error(err)
		}
		got, err := os.ReadFile(file.Name())
		want := fmt.Sprintf("%q %s last\non stderr\n", c.Args, dir)
		if err != nil || string(got) != want {
			t.Errorf("file: got %q, %v, want %q", got, err, want)
		}

		// The streams of the test binary itself, which go test may read.
		c = child("exit", "0")
		c.Stdin, c.Stdout, c.Stderr = eventloop.StdioInherit, eventloop.StdioInherit, eventloop.StdioInherit
		_, _, err = c.Run(ctx, nil)
		return err
	})
}

// TestChildDescriptors has loops with sockets, pipes and other children, and a
// child that gets none of all that.
func TestChildDescriptors(t *testing.T) {
	checkChildren(t)
	run(t, func(ctx context.Context) error {
		if _, err := eventloop.Listen(ctx, "tcp", "127.0.0.1:0"); err != nil {
			return err
		}
		if _, err := piped("sleep").Start(ctx); err != nil {
			return err
		}
		// The tests may have been given others than the three, which are passed on.
		want := fmt.Sprintln(inheritable())
		stdout, _, err := piped("descriptor").Run(ctx, nil)
		if string(stdout) != want {
			t.Errorf("the child has %q descriptors, want %q", stdout, want)
		}
		return err
	})
}

func TestStartFails(t *testing.T) {
	checkChildren(t)
	noProgram := filepath.Join(t.TempDir(), "no such program")
	with := func(change func(c *eventloop.Command)) eventloop.Command {
		c := piped("exit", "0")
		change(&c)
		return c
	}
	tests := []struct {
		name string
		c    eventloop.Command
		want error
		text string
	}{
		{"no name in PATH", with(func(c *eventloop.Command) { c.Program = "eventloop-no-such-program" }), exec.ErrNotFound, "eventloop-no-such-program"},
		{"no name", with(func(c *eventloop.Command) { c.Program = "" }), nil, "starting"},
		{"no such file", with(func(c *eventloop.Command) { c.Program = noProgram }), fs.ErrNotExist, noProgram},
		{"no program", with(func(c *eventloop.Command) { c.Program = t.TempDir() }), fs.ErrPermission, ""},
		{"no such directory", with(func(c *eventloop.Command) { c.Dir = noProgram }), fs.ErrNotExist, noProgram},
		{"bytes as stdout", with(func(c *eventloop.Command) { c.Stdout = eventloop.StdioBytes(nil) }), nil, "stdout cannot be StdioBytes"},
		{"stdout merged", with(func(c *eventloop.Command) { c.Stdout = eventloop.StdioMerge }), nil, "stdout cannot be StdioMerge"},
		{"nil file", with(func(c *eventloop.Command) { c.Stderr = eventloop.StdioFile(nil) }), nil, "stderr is a file that is nil"},
		{"bytes as environment", with(func(c *eventloop.Command) { c.Env = []string{"a\x00b"} }), nil, ""},
	}
	run(t, func(ctx context.Context) error {
		for _, test := range tests {
			p, err := test.c.Start(ctx)
			if p != nil || err == nil || test.want != nil && !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.text) {
				t.Errorf("%s: got %v, %v", test.name, p, err)
			}
		}
		scope := eventloop.WithScope(ctx)
		defer scope.Close()
		scope.Cancel(errTest)
		_, err := child("sleep").Start(scope)
		wantIs(t, "Start with a context that has ended", err, errTest)
		return nil
	})
}

// TestPipes talks with a child through its pipes, as with any connection.
func TestPipes(t *testing.T) {
	checkChildren(t)
	run(t, func(ctx context.Context) error {
		p, err := piped("cat").Start(ctx)
		if err != nil {
			return err
		}
		for i := range 100 {
			want := fmt.Sprint("message ", i)
			fmt.Fprintln(p.Stdin, want)
			if got, err := lineOf(p.Stdout); got != want || err != nil {
				t.Fatalf("got %q, %v", got, err)
			}
		}
		p.Stdout.SetReadDeadline(time.Now().Add(time.Millisecond))
		_, err = p.Stdout.Read(make([]byte, 1))
		wantIs(t, "Read after the deadline", err, os.ErrDeadlineExceeded)
		p.Stdout.SetReadDeadline(time.Time{})
		if _, err := p.Stdout.Write([]byte("x")); err == nil {
			t.Error("stdout can be written to")
		}

		// More than the pipes hold, so that the writer waits too.
		const size = 1 << 20
		writer := eventloop.Go(ctx, func(context.Context) error {
			_, err := p.Stdin.Write(bytes.Repeat([]byte("y"), size))
			return errors.Join(err, p.Stdin.Close())
		})
		got, err := io.ReadAll(p.Stdout)
		if len(got) != size || err != nil {
			t.Errorf("got %d bytes, %v", len(got), err)
		}
		if err := errors.Join(writer.Wait(ctx), p.Wait(ctx), p.Stdout.Close(), p.Stderr.Close()); err != nil {
			t.Error(err)
		}
		wantIs(t, "Close again", p.Stdin.Close(), net.ErrClosed)
		_, err = p.Stdout.Read(make([]byte, 1))
		wantIs(t, "Read after Close", err, net.ErrClosed)
		if op := new(net.OpError); !errors.As(err, &op) || op.Net != "pipe" || op.Addr.String() != "exe stdout" {
			t.Errorf("the error is %v", err)
		}
		return nil
	})
}

// TestPipeWithoutReader writes to a child that has ended.
func TestPipeWithoutReader(t *testing.T) {
	checkChildren(t)
	run(t, func(ctx context.Context) error {
		c := child("exit", "4")
		c.Stdin = eventloop.StdioPipe
		p, err := c.Start(ctx)
		if err != nil {
			return err
		}
		_, err = p.Stdin.Write(make([]byte, 1<<20))
		wantIs(t, "Write", err, syscall.EPIPE)
		_, _, err = p.Communicate(ctx, []byte("input"))
		if status, _ := exitOf(err); status != 4 {
			t.Errorf("Communicate: %v", err)
		}
		return nil
	})
}

func TestManyChildren(t *testing.T) {
	checkChildren(t)
	run(t, func(ctx context.Context) error {
		return each(ctx, 50, func(ctx context.Context, i int) error {
			want := fmt.Sprint("child ", i)
			stdout, _, err := piped("cat").Run(ctx, []byte(want))
			if string(stdout) != want {
				t.Errorf("got %q, want %q", stdout, want)
			}
			return err
		})
	})
}
