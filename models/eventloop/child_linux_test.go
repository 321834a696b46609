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

// childVariable has the test binary play a role instead of running tests: that of
// a child process.
const childVariable = "EVENTLOOP_TEST_CHILD"

// childRoles are what a child can do, with its arguments. Each returns the status with
// which it exits.
var childRoles = map[string]func(args []string) int{
	"cat":        func([]string) int { return exitStatus(io.Copy(os.Stdout, os.Stdin)) },
	"exit":       func(args []string) int { return mustNumber(args[0]) },
	"surround":   beSurround,
	"outpour":    beOutpour,
	"stubborn":   beStubborn,
	"obedient":   beObedient,
	"sleep":      func([]string) int { return beIdle() },
	"parent":     beParent,
	"loop":       beLoop,
	"descriptor": func([]string) int { return exitStatus(fmt.Println(inheritable())) },
}

// beChild plays the role of a child, if this process is one. If not, it makes what
// the Go runtime makes once and keeps, which is not to be taken for a leak: the
// goroutine of os/signal and the poller of package os.
func beChild() {
	role := os.Getenv(childVariable)
	os.Unsetenv(childVariable) // a child of a child gets it only on purpose
	switch {
	case role == withoutHandles:
		forbidHandles()
	case role != "":
		os.Exit(childRoles[role](os.Args[1:]))
	}
	once := make(chan os.Signal, 1)
	signal.Notify(once, syscall.SIGWINCH)
	signal.Stop(once)
	read, write, err := os.Pipe()
	if err != nil {
		panic(err)
	}
	read.Close()
	write.Close()
	heedInterrupts()
}

// heedInterrupts has children not ignore SIGINT, as they else would if this
// process does: in the background of a shell, for instance.
func heedInterrupts() {
	if signal.Ignored(os.Interrupt) {
		signal.Notify(make(chan os.Signal, 1), os.Interrupt)
	}
}

// child returns the Command of a child that plays a role.
func child(role string, args ...string) eventloop.Command {
	return eventloop.Command{
		Program: "/proc/self/exe",
		Args:    args,
		// The race detector else has each child sleep for a second at its end.
		Env: append(os.Environ(), childVariable+"="+role, "GORACE=atexit_sleep_ms=0"),
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

// wantGone waits until there is no process pid, not even a zombie.
func wantGone(t *testing.T, pid int) {
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

// startChild starts a child and waits until it says that it is ready.
func startChild(ctx context.Context, c eventloop.Command) (*eventloop.Process, error) {
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

func mustNumber(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		panic(err)
	}
	return n
}

func exitStatus(_ any, err error) int {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// beIdle does nothing until it is killed, for a minute at most, so that a test that
// fails leaves nothing for long.
func beIdle() int {
	time.Sleep(time.Minute)
	return 99
}

// beSurround prints what the child finds around it.
func beSurround(args []string) int {
	dir, err := os.Getwd()
	if err != nil {
		return exitStatus(nil, err)
	}
	fmt.Printf("%q %s %s\n", args, dir, os.Getenv("EVENTLOOP_TEST_VALUE"))
	fmt.Fprintln(os.Stderr, "on stderr")
	return 0
}

// beOutpour fills stdout and stderr, both before it reads anything, then repeats its
// input on both at once. Whoever serves one pipe after the other has a deadlock.
func beOutpour(args []string) int {
	n := mustNumber(args[0])
	var wg sync.WaitGroup
	for _, f := range []*os.File{os.Stderr, os.Stdout} {
		wg.Go(func() { f.WriteString(strings.Repeat("x", n)) })
	}
	wg.Wait()
	_, err := io.Copy(io.MultiWriter(os.Stdout, os.Stderr), os.Stdin)
	return exitStatus(nil, err)
}

// beStubborn does not care about SIGTERM.
func beStubborn([]string) int {
	signal.Ignore(syscall.SIGTERM)
	sayReady()
	return beIdle()
}

// sayReady says so on both streams, for a test that has but one of them.
func sayReady() {
	fmt.Println("ready")
	fmt.Fprintln(os.Stderr, "ready")
}

// beObedient ends on SIGTERM, and has much to say at that.
func beObedient(args []string) int {
	terms := make(chan os.Signal, 1)
	signal.Notify(terms, syscall.SIGTERM)
	sayReady()
	<-terms
	return exitStatus(os.Stdout.WriteString(strings.Repeat("x", mustNumber(args[0]))))
}

// beParent starts a child that holds its streams and says its number, and ends at
// once or, with the argument "stay", not.
func beParent(args []string) int {
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), childVariable+"=sleep")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := cmd.Start(); err != nil {
		return exitStatus(nil, err)
	}
	fmt.Println(cmd.Process.Pid)
	if len(args) > 0 {
		return beIdle()
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
