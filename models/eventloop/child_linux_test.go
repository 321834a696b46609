package eventloop_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"juggle/models/eventloop"
)

// roleVariable has the test binary play a role instead of running tests: that of
// a child process.
const roleVariable = "EVENTLOOP_TEST_ROLE"

// roles are what a child can do, with its arguments. Each returns the status with
// which it exits.
var roles = map[string]func(args []string) int{
	"cat":        func([]string) int { return status(io.Copy(os.Stdout, os.Stdin)) },
	"exit":       func(args []string) int { return number(args[0]) },
	"print":      func(args []string) int { return status(os.Stdout.WriteString(strings.Join(args, " "))) },
	"surround":   surround,
	"outpour":    outpour,
	"stubborn":   stubborn,
	"obedient":   obedient,
	"sleep":      func([]string) int { return idle() },
	"parent":     parent,
	"loop":       playLoop,
	"descriptor": func([]string) int { return status(fmt.Println(inheritable())) },
}

func TestMain(m *testing.M) {
	if role := roles[os.Getenv(roleVariable)]; role != nil {
		os.Unsetenv(roleVariable) // which a child of the child gets only on purpose
		os.Exit(role(os.Args[1:]))
	}
	// What the Go runtime makes once and keeps is not to be taken for a leak: the
	// goroutine of os/signal.
	once := make(chan os.Signal, 1)
	signal.Notify(once, syscall.SIGWINCH)
	signal.Stop(once)
	unused, ends, err := os.Pipe() // and its poller
	if err != nil {
		panic(err)
	}
	unused.Close()
	ends.Close()
	if os.Getenv(roleVariable) == "tests without handles" {
		os.Unsetenv(roleVariable)
		forbidHandles()
	}
	os.Exit(m.Run())
}

// child returns the Command of a child that plays a role.
func child(role string, args ...string) eventloop.Command {
	return eventloop.Command{
		Program: "/proc/self/exe",
		Args:    args,
		// The race detector else has each child sleep for a second at its end.
		Env: append(os.Environ(), roleVariable+"="+role, "GORACE=atexit_sleep_ms=0"),
	}
}

// piped is child with a pipe for each stream.
func piped(role string, args ...string) eventloop.Command {
	c := child(role, args...)
	c.Stdin, c.Stdout, c.Stderr = eventloop.StdioPipe, eventloop.StdioPipe, eventloop.StdioPipe
	return c
}

// checkChildren is checkLeftovers, and fails the test if it leaves a child, alive
// or not reaped.
func checkChildren(t *testing.T) {
	t.Helper()
	checkLeftovers(t)
	t.Cleanup(func() {
		if pid, err := unix.Wait4(-1, nil, unix.WNOHANG, nil); err != unix.ECHILD {
			t.Errorf("a child is left: wait4 returns %d, %v", pid, err)
		}
	})
}

// gone waits until there is no process pid, not even a zombie.
func gone(t *testing.T, pid int) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); unix.Kill(pid, 0) != unix.ESRCH; {
		// A child of a child that was killed is the init process's to reap.
		stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if _, rest, _ := strings.Cut(string(stat), ") "); strings.HasPrefix(rest, "Z") {
			return
		}
		if time.Now().After(deadline) {
			t.Errorf("process %d still runs", pid)
			unix.Kill(pid, unix.SIGKILL)
			return
		}
	}
}

// lineOf reads a line that a child prints, and nothing of the next one.
func lineOf(r io.Reader) (string, error) {
	var text []byte
	for b := make([]byte, 1); ; text = append(text, b...) {
		if _, err := r.Read(b); err != nil || b[0] == '\n' {
			return string(text), err
		}
	}
}

// start starts a child and waits until it says that it is ready.
func start(ctx context.Context, c eventloop.Command) (*eventloop.Process, error) {
	p, err := c.Start(ctx)
	if err != nil {
		return nil, err
	}
	if text, err := lineOf(p.Stdout); err != nil || text != "ready" {
		return nil, errors.Join(fmt.Errorf("%v says %q", p, text), err, p.Stop(ctx, 0))
	}
	return p, nil
}

// exitOf returns the status and the signal that err tells.
func exitOf(err error) (status int, sig syscall.Signal) {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return 0, 0
	}
	ws := exit.Sys().(syscall.WaitStatus)
	if ws.Signaled() {
		return -1, ws.Signal()
	}
	return ws.ExitStatus(), 0
}

func number(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		panic(err)
	}
	return n
}

func status(_ any, err error) int {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// idle does nothing until it is killed, for a minute at most, so that a test that
// fails leaves nothing for long.
func idle() int {
	time.Sleep(time.Minute)
	return 99
}

// surround prints what the child finds around it.
func surround(args []string) int {
	dir, err := os.Getwd()
	if err != nil {
		return status(nil, err)
	}
	fmt.Printf("%q %s %s\n", args, dir, os.Getenv("EVENTLOOP_TEST_VALUE"))
	fmt.Fprintln(os.Stderr, "on stderr")
	return 0
}

// outpour fills stdout and stderr, both before it reads anything, then repeats its
// input on both at once. Whoever serves one pipe after the other has a deadlock.
func outpour(args []string) int {
	n := number(args[0])
	var wg sync.WaitGroup
	for _, f := range []*os.File{os.Stderr, os.Stdout} {
		wg.Go(func() { f.WriteString(strings.Repeat("x", n)) })
	}
	wg.Wait()
	_, err := io.Copy(io.MultiWriter(os.Stdout, os.Stderr), os.Stdin)
	return status(nil, err)
}

// stubborn does not care about SIGTERM.
func stubborn([]string) int {
	signal.Ignore(syscall.SIGTERM)
	ready()
	return idle()
}

// ready says so on both streams, for a test that has but one of them.
func ready() {
	fmt.Println("ready")
	fmt.Fprintln(os.Stderr, "ready")
}

// obedient ends on SIGTERM, and has much to say at that.
func obedient(args []string) int {
	terms := make(chan os.Signal, 1)
	signal.Notify(terms, syscall.SIGTERM)
	ready()
	<-terms
	return status(os.Stdout.WriteString(strings.Repeat("x", number(args[0]))))
}

// parent starts a child that holds its streams and says its number, and ends at
// once or, with the argument "stay", not.
func parent(args []string) int {
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), roleVariable+"=sleep")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := cmd.Start(); err != nil {
		return status(nil, err)
	}
	fmt.Println(cmd.Process.Pid)
	if len(args) > 0 {
		return idle()
	}
	return 0
}

// inheritable returns how many descriptors this process has that a child gets.
func inheritable() int {
	n := 0
	for fd := range uintptr(256) {
		if flags, err := unix.FcntlInt(fd, unix.F_GETFD, 0); err == nil && flags&unix.FD_CLOEXEC == 0 {
			n++
		}
	}
	return n
}
