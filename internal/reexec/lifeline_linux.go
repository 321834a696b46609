package reexec

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// The lifeline is one pipe of an owner. Nobody writes to it. The owner alone
// holds the write end, and every child holds the read end with this asked of the
// kernel (F_SETSIG, F_SETOWN and O_ASYNC in fcntl(2)): on an event send SIGKILL
// to my process group. When the owner dies, however it dies, the kernel closes
// the write end, which is such an event. So a child goes together with its own
// children, and nothing in the child has to run for that: it may be stopped, spin
// or ignore every signal.
//
// Rejected: the parent-death signal alone. It ends the child and not the child's
// children, and a child that is killed can no longer kill its group. Rejected: a
// process that watches. It can be killed too, and it is one more to start.
var lifeline struct {
	mu   sync.Mutex
	read *os.File // nil before the first call and where it cannot be
	lack error    // why it cannot be
}

// lifelineEnd returns the read end that children inherit, and nil where the
// system cannot do it; ParentDeath then says so. It stays open, like the write
// end, for the life of this process.
func lifelineEnd() (*os.File, error) {
	lifeline.mu.Lock()
	defer lifeline.mu.Unlock()
	if lifeline.read != nil || lifeline.lack != nil {
		return lifeline.read, nil
	}
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC); err != nil {
		return nil, os.NewSyscallError("pipe2", err)
	}
	// A trial of what a child will do, short of what would end this process.
	trial, err := reopen(fds[0])
	if err == nil {
		unix.Close(trial)
		lifeline.read = os.NewFile(uintptr(fds[0]), "lifeline")
		return lifeline.read, nil
	}
	unix.Close(fds[0])
	unix.Close(fds[1])
	if errors.Is(err, unix.EMFILE) || errors.Is(err, unix.ENFILE) {
		return nil, err // which passes
	}
	lifeline.lack = err
	return nil, nil
}

// reopen opens the pipe of fd once more, so that what is asked of the kernel is
// this process's alone: those who inherit a descriptor share one open file
// description, which has one owner and one signal.
func reopen(fd int) (int, error) {
	path := "/proc/self/fd/" + strconv.Itoa(fd)
	own, err := unix.Open(path, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, &os.PathError{Op: "open", Path: path, Err: err}
	}
	if _, err := unix.FcntlInt(uintptr(own), unix.F_SETSIG, int(unix.SIGKILL)); err != nil {
		unix.Close(own)
		return -1, fmt.Errorf("fcntl F_SETSIG: %w", err)
	}
	return own, nil
}

// ParentDeath says in one sentence what ends the children if this process dies.
// The owner may call it at any time, from any goroutine. The first call makes
// the pipe, if no child was started before; later ones cost nothing.
func ParentDeath() string {
	end, err := lifelineEnd()
	switch {
	case end != nil:
		return "when the owner dies the kernel kills each child with its process group (a pipe with F_SETSIG and F_SETOWN)"
	case err == nil:
		err = lifeline.lack
	}
	return fmt.Sprintf("when the owner dies the kernel kills each child, but not the child's own children (PR_SET_PDEATHSIG; no pipe with F_SETSIG: %v)", err)
}

// exitNoLifeline is the exit code of a child that cannot hold its lifeline.
const exitNoLifeline = 71

// A child takes its lifeline before main runs, for one reason: PR_SET_PDEATHSIG
// is bound to the main thread, and only while packages are initialised does Go
// promise to be there. In a process that was not started by Start this is one
// look at the environment.
func init() {
	b, ok := parseBadge(os.Getenv(variable))
	if !ok || !greets(socketFD, b.greeting()) {
		return
	}
	raiseOOMScore()
	if b.lifeline == 0 {
		return
	}
	if err := holdLifeline(b.lifeline); err != nil {
		// The owner has tried the same, so this is no lack of the system.
		fmt.Fprintf(os.Stderr, "reexec: a child must end with its owner and cannot see to it: %v\n", err)
		os.Exit(exitNoLifeline)
	}
}

// holdLifeline has the kernel kill this process and its group when the owner
// closes the pipe of fd. From then on the parent-death signal is in the way: it
// comes when the thread that started this process ends, which may be before the
// last thread of the owner ends and the pipe closes. It would kill this process
// alone, and the kernel forgets what a dead process asked for.
func holdLifeline(fd int) error {
	own, err := reopen(fd)
	if err != nil {
		return err
	}
	unix.Close(fd)
	// Start made this process the leader of a group that is numbered like it.
	if _, err := unix.FcntlInt(uintptr(own), unix.F_SETOWN, -os.Getpid()); err != nil {
		return fmt.Errorf("fcntl F_SETOWN: %w", err)
	}
	if _, err := unix.FcntlInt(uintptr(own), unix.F_SETFL, unix.O_ASYNC|unix.O_NONBLOCK); err != nil {
		return fmt.Errorf("fcntl O_ASYNC: %w", err)
	}
	if err := unix.Prctl(unix.PR_SET_PDEATHSIG, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("prctl PR_SET_PDEATHSIG: %w", err)
	}
	// An owner that died before O_ASYNC was set sent nothing.
	state := []unix.PollFd{{Fd: int32(own), Events: unix.POLLHUP}}
	if _, err := unix.Poll(state, 0); err == nil && state[0].Revents&unix.POLLHUP != 0 {
		KillGroup()
	}
	return nil
}

// oomScore is added to a child's oom_score_adj, whose range is -1000 to 1000 (a
// thousandth of all memory each; proc_pid_oom_score_adj(5)).
const oomScore = 500

// raiseOOMScore has the kernel, when memory is out, take this process before its
// owner. It is a hint: where it cannot be given, nothing else changes. Children
// of this process inherit it.
func raiseOOMScore() {
	const file = "/proc/self/oom_score_adj"
	text, err := os.ReadFile(file)
	if err != nil {
		return
	}
	score, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return
	}
	os.WriteFile(file, strconv.AppendInt(nil, int64(min(score+oomScore, 1000)), 10), 0)
}
