package procpool

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// The crash matrix: everything that can go wrong in a worker, at every moment of
// its life, in pools of several sizes. In every cell each task ends exactly once,
// only the one that a worker was running fails, and the pool works afterwards
// with all its workers.
//
// The cells of one moment and one size share a pool, one after another: what a
// cell leaves behind the next one finds.

var (
	faultKinds = []string{"panic", "exit", "SIGSEGV", "SIGKILL", "SIGSTOP", "memory", "garbage", "half", "oversized"}
	// Moments in the life of a worker; shutdown is a test of its own.
	faultPhases = []string{"receiving", "decoding", "running", "writing", "idle"}
	matrixSizes = []int{1, 2, 5, 13}
)

// impatient shortens for how long the pool waits for a worker that is stopped,
// until the test and all its parallel parts are done, and then checks that
// nothing was left behind. Workers that are slow, and not stopped, lose nothing by it:
// what they were to run, others do.
func impatient(t *testing.T) {
	t.Helper()
	before := patient
	t.Cleanup(func() { patient = before })
	t.Cleanup(leaks(t))
	patient = patience{end: time.Second, dump: 100 * time.Millisecond, stall: 250 * time.Millisecond}
}

// sizes is how many workers the pools of a matrix have.
func sizes() []int {
	if testing.Short() {
		return []int{2}
	}
	return matrixSizes
}

func TestCrashMatrix(t *testing.T) {
	impatient(t)
	for _, phase := range faultPhases {
		for _, workers := range sizes() {
			t.Run(fmt.Sprint(phase, "/", workers), func(t *testing.T) {
				t.Parallel()
				r := newRig(t, Options{Workers: workers, CancelGrace: 20 * time.Millisecond, StartTimeout: time.Minute})
				defer r.close(t)
				for _, kind := range faultKinds {
					t.Run(kind, func(t *testing.T) { r.cell(t, fault{phase, kind, r.dir}) })
				}
			})
		}
	}
}

// cell is one cell of the matrix, once with futures, once with each kind of Map.
func (r *rig) cell(t *testing.T, f fault) {
	defer watchdog(t, r.pool)()
	for _, run := range []throng{(*rig).asFutures, (*rig).asMap, (*rig).asMapCompleted} {
		switch {
		case f.Phase != "running":
			r.strikeArmed(t, f, run)
		case f.Kind == "SIGSTOP":
			r.strikeStopped(t, f, run)
		default:
			got := run(r, t, t.Context(), f.String(), f.pardons())
			r.reported(t)
			if !f.explains(got) {
				t.Errorf("%s ended with %q, %v", f.Kind, got.output, got.err)
			}
		}
	}
	r.meet(t)
}

// strict pardons nothing.
func strict(error) bool { return false }

// pardons returns what bystanders may end with. A worker that has written half a
// frame and goes on is found out by its next reply, and by then it may be running
// one more task.
func (f fault) pardons() func(error) bool {
	if f.Kind != "half" || f.Phase != "running" && f.Phase != "idle" {
		return strict
	}
	victims := 0
	return func(err error) bool {
		victims++
		return victims == 1 && errors.Is(err, ErrProtocol)
	}
}

// strikeArmed has one worker fail outside of a task, with a throng around it. No
// task was being run, so all must be done.
func (r *rig) strikeArmed(t *testing.T, f fault, run throng) {
	t.Helper()
	release := r.hold(t, "idle")
	defer release()
	pid := r.arm(t, f)
	release()
	if f.Phase == "idle" {
		r.awaitStruck(t, f, pid)
	}
	// Which worker gets what is the pool's business: go on until it hits this one.
	pardoned := f.pardons()
	for first := true; first || !r.hasEnded(pid); first = false {
		run(r, t, t.Context(), "", pardoned)
	}
}

// arm has a worker fail later on, and returns its process id.
func (r *rig) arm(t *testing.T, f fault) (pid int) {
	t.Helper()
	armed, err := r.submit(t.Context(), "arm", f.String()).Result()
	if err != nil {
		t.Fatal(err)
	}
	return atoi(armed)
}

// awaitStruck waits until a fault has struck in an idle worker.
func (r *rig) awaitStruck(t *testing.T, f fault, pid int) {
	t.Helper()
	switch f.Kind {
	case "SIGSTOP":
		awaitStopped(t, pid)
	case "half":
		r.reported(t)
	default:
		r.awaitEnd(pid)
	}
}

var errCellCancelled = errors.New("the cell cancelled it")

// strikeStopped has a task stop its process. The test cancels it then, as
// TaskTimeout would; a Map is cancelled as a whole.
func (r *rig) strikeStopped(t *testing.T, f fault, run throng) {
	t.Helper()
	ctx, cancel := context.WithCancelCause(t.Context())
	cancelled := make(chan struct{})
	go func() {
		defer close(cancelled)
		awaitStopped(t, r.reported(t))
		cancel(errCellCancelled)
	}()
	got := run(r, t, ctx, f.String(), func(err error) bool { return err == errCellCancelled })
	<-cancelled
	if killed, ok := errors.AsType[*KilledError](got.err); !ok || killed.Err != errCellCancelled {
		t.Errorf("a stopped task ended with %q, %v", got.output, got.err)
	}
}

// awaitStopped waits until a child of this process is stopped.
func awaitStopped(t *testing.T, pid int) {
	var info unix.Siginfo
	for {
		err := unix.Waitid(unix.P_PID, pid, &info, unix.WSTOPPED|unix.WNOWAIT, nil)
		if err == nil {
			return
		}
		if err != unix.EINTR {
			t.Errorf("waiting until worker %d stops: %v", pid, err)
			return
		}
	}
}

// explains tells whether a task in which the fault struck ended as it should.
func (f fault) explains(got ending) bool {
	if f.Kind == "panic" {
		e, ok := errors.AsType[*PanicError](got.err)
		return ok && e.Value == "struck"
	}
	if f.Kind == "half" {
		// It returned, and its result was kept although the worker had to go.
		return got.err == nil && got.output == f.String()
	}
	e, ok := errors.AsType[*CrashError](got.err)
	if !ok || e.Func != "faulty" {
		return false
	}
	switch f.Kind {
	case "exit":
		return e.ExitCode == 3
	case "SIGSEGV": // the Go runtime prints a traceback and exits
		return e.ExitCode == 2 && strings.Contains(e.Output, "SIGSEGV")
	case "SIGKILL":
		return e.Signal == unix.SIGKILL
	case "memory":
		return strings.Contains(strings.ToLower(e.Output), "memory")
	}
	return errors.Is(e, ErrProtocol)
}
