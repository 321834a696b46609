package models_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"juggle/models"
	"juggle/models/procpool"
)

func TestMain(m *testing.M) {
	models.ServeWorker(resolve)
	// A race-detecting process sleeps a second at its end otherwise, and these
	// tests end hundreds.
	os.Setenv("GORACE", "atexit_sleep_ms=0 "+os.Getenv("GORACE"))
	os.Exit(m.Run())
}

// jobs makes the jobs of these tests by name, here and in worker processes.
// Params are the number of tasks and an address.
var jobs = map[string]func(p params) models.Job{
	"index":    func(p params) models.Job { return models.Job{Body: answerIndex} },
	"reversed": func(p params) models.Job { return models.Job{Body: p.sleepReversed} },
	"empty":    func(p params) models.Job { return models.Job{Body: doNothing} },
	"fail":     func(p params) models.Job { return models.Job{Body: failThird} },
	"panic":    func(p params) models.Job { return models.Job{Body: panicThird} },
	"forever":  func(p params) models.Job { return models.Job{Body: sleepForever} },
	"unread":   func(p params) models.Job { return models.Job{Body: p.readForever} },
	"echo":     func(p params) models.Job { return models.Job{Body: p.echo} },
	"stamps":   func(p params) models.Job { return models.Job{Body: stamp} },
	"yield":    func(p params) models.Job { return models.Job{Body: yieldOften} },
	"offload":  func(p params) models.Job { return models.Job{Body: offload, Compute: double} },
	"broken":   func(p params) models.Job { return models.Job{Body: offload, Compute: panicCompute} },
	"nowhere":  func(p params) models.Job { return models.Job{Body: offload} },
	"exit":     func(p params) models.Job { return models.Job{Body: exitThird} },
	"process":  func(p params) models.Job { return models.Job{Body: processState} },
	"shared":   sharedJob,
}

type params struct {
	n       int
	address string
}

func (p params) encode() []byte { return fmt.Appendf(nil, "%d %s", p.n, p.address) }

func resolve(name string, encoded []byte) (models.Job, error) {
	var p params
	fmt.Sscanf(string(encoded), "%d %s", &p.n, &p.address)
	make, found := jobs[name]
	if !found {
		return models.Job{}, fmt.Errorf("no test job %q", name)
	}
	job := make(p)
	job.Name, job.Params, job.N = name, encoded, p.n
	return job, nil
}

func number(i int) []byte { return binary.BigEndian.AppendUint64(nil, uint64(i)) }

func answerIndex(_ models.Env, i int) ([]byte, error) { return number(i), nil }

func doNothing(models.Env, int) ([]byte, error) { return nil, nil }

// sleepReversed lets later tasks end first where tasks overlap.
func (p params) sleepReversed(env models.Env, i int) ([]byte, error) {
	err := env.Sleep(time.Duration(p.n-i) * time.Millisecond)
	return number(i), err
}

var errThird = errors.New("three is refused")

func failThird(env models.Env, i int) ([]byte, error) {
	if i == 3 {
		return nil, errThird
	}
	return nil, env.Sleep(time.Millisecond)
}

func panicThird(env models.Env, i int) ([]byte, error) {
	if i == 3 {
		explodeHere()
	}
	return nil, env.Sleep(time.Millisecond)
}

//go:noinline
func explodeHere() { panic("three explodes") }

func sleepForever(env models.Env, i int) ([]byte, error) { return nil, env.Sleep(time.Hour) }

func (p params) readForever(env models.Env, i int) ([]byte, error) {
	conn, err := env.Dial("tcp", p.address)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	_, err = conn.Read(make([]byte, 1))
	return nil, err
}

func (p params) echo(env models.Env, i int) ([]byte, error) {
	conn, err := env.Dial("tcp", p.address)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	for range 3 {
		if _, err := conn.Write(number(i)); err != nil {
			return nil, err
		}
		answer := make([]byte, 8)
		if _, err := io.ReadFull(conn, answer); err != nil {
			return nil, err
		}
		if !bytes.Equal(answer, number(i)) {
			return nil, fmt.Errorf("the echo of %x is %x", number(i), answer)
		}
	}
	return number(i), nil
}

func stamp(env models.Env, i int) ([]byte, error) {
	answer := binary.BigEndian.AppendUint64(nil, uint64(monotonic()))
	if err := env.Sleep(2 * time.Millisecond); err != nil {
		return nil, err
	}
	answer = binary.BigEndian.AppendUint64(answer, uint64(monotonic()))
	return binary.BigEndian.AppendUint64(answer, uint64(threadID())), nil
}

func yieldOften(env models.Env, i int) ([]byte, error) {
	for range 10 {
		if err := env.Yield(); err != nil {
			return nil, err
		}
	}
	return number(i), nil
}

func offload(env models.Env, i int) ([]byte, error) { return env.Offload(number(i)) }

func double(input []byte) ([]byte, error) {
	return number(2 * int(binary.BigEndian.Uint64(input))), nil
}

func panicCompute(input []byte) ([]byte, error) {
	if binary.BigEndian.Uint64(input) == 3 {
		explodeHere()
	}
	return nil, nil
}

func exitThird(env models.Env, i int) ([]byte, error) {
	if i == 3 {
		os.Exit(42)
	}
	return nil, env.Sleep(time.Millisecond)
}

func processState(models.Env, int) ([]byte, error) {
	return fmt.Appendf(nil, "%d %d", os.Getpid(), runtime.GOMAXPROCS(0)), nil
}

// sharedJob counts the tasks of its process in a run; Close starts afresh.
func sharedJob(params) models.Job {
	count := make(chan int, 1)
	count <- 0
	return models.Job{
		Body: func(env models.Env, i int) ([]byte, error) {
			n := <-count + 1
			count <- n
			return number(n), nil
		},
		Close: func() { <-count; count <- 0 },
	}
}

func newJob(t *testing.T, name string, p params) models.Job {
	t.Helper()
	job, err := resolve(name, p.encode())
	if err != nil {
		t.Fatal(err)
	}
	return job
}

// every runs test for all models and variants, and then sees that it left
// nothing behind.
func every(t *testing.T, test func(t *testing.T, m models.Model)) {
	for _, m := range slices.Concat(models.All(), models.Variants()) {
		t.Run(m.Name(), func(t *testing.T) {
			warmRuntime(t)
			before := leftovers()
			test(t, m)
			awaitNothingLeft(t, before)
		})
	}
}

// run starts the model, runs all tasks of the job once and closes the model.
func run(t *testing.T, ctx context.Context, m models.Model, job models.Job) (models.Outcome, error) {
	t.Helper()
	r, err := m.Start(ctx, job)
	if err != nil {
		t.Fatalf("Start: %v", err)
	}
	defer func() {
		if err := r.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		if err := r.Close(); err != nil {
			t.Errorf("Close again: %v", err)
		}
	}()
	return r.Run(ctx, job.N)
}

func mustRun(t *testing.T, m models.Model, job models.Job) models.Outcome {
	t.Helper()
	outcome, err := run(t, t.Context(), m, job)
	if err != nil {
		t.Fatal(err)
	}
	if len(outcome.Answers) != job.N {
		t.Fatalf("%d answers for %d tasks", len(outcome.Answers), job.N)
	}
	return outcome
}

func TestTableIsInTeachingOrder(t *testing.T) {
	var names []string
	for _, m := range slices.Concat(models.All(), models.Variants()) {
		names = append(names, m.Name())
	}
	want := "sequential goroutines eventloop processpool threads gil hybrid"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("models are %s, want %s", got, want)
	}
}

func TestAnswersAreInIndexOrder(t *testing.T) {
	every(t, func(t *testing.T, m models.Model) {
		for _, name := range []string{"index", "reversed", "yield"} {
			for i, answer := range mustRun(t, m, newJob(t, name, params{n: 20})).Answers {
				if !bytes.Equal(answer, number(i)) {
					t.Errorf("%s: answer %d is %x", name, i, answer)
				}
			}
		}
	})
}

func TestNumbersOfTasks(t *testing.T) {
	every(t, func(t *testing.T, m models.Model) {
		for _, n := range []int{0, 1, 10_000} {
			for i, answer := range mustRun(t, m, newJob(t, "index", params{n: n})).Answers {
				if !bytes.Equal(answer, number(i)) {
					t.Fatalf("of %d tasks, answer %d is %x", n, i, answer)
				}
			}
		}
	})
}

func TestFirstTasksOfAJob(t *testing.T) {
	every(t, func(t *testing.T, m models.Model) {
		r, err := m.Start(t.Context(), newJob(t, "index", params{n: 5}))
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		if o, err := r.Run(t.Context(), 2); err != nil || len(o.Answers) != 2 {
			t.Errorf("two of five tasks: %d answers, %v", len(o.Answers), err)
		}
		for _, n := range []int{-1, 6} {
			if _, err := r.Run(t.Context(), n); err == nil {
				t.Errorf("a run of %d of five tasks succeeded", n)
			}
		}
	})
}

func TestMalformedJobsAreRefused(t *testing.T) {
	every(t, func(t *testing.T, m models.Model) {
		for _, job := range []models.Job{{N: 1}, {N: -1, Body: doNothing}, {Limit: -1, Body: doNothing}} {
			if r, err := m.Start(t.Context(), job); err == nil {
				r.Close()
				t.Errorf("started %+v", job)
			}
		}
	})
}

func TestErrorNamesItsTask(t *testing.T) {
	every(t, func(t *testing.T, m models.Model) {
		_, err := run(t, t.Context(), m, newJob(t, "fail", params{n: 8}))
		failure := (*models.TaskError)(nil)
		if !errors.As(err, &failure) || failure.Task != 3 || failure.Job != "fail" {
			t.Fatalf("got %v, want the failure of task 3", err)
		}
		if want := "task 3 of fail: "; !strings.HasPrefix(err.Error(), want) || !strings.Contains(err.Error(), errThird.Error()) {
			t.Errorf("the error reads %q", err)
		}
	})
}

func TestPanicKeepsItsStack(t *testing.T) {
	every(t, func(t *testing.T, m models.Model) {
		for _, name := range []string{"panic", "broken"} {
			_, err := run(t, t.Context(), m, newJob(t, name, params{n: 8}))
			failure, panicked := (*models.TaskError)(nil), (*models.PanicError)(nil)
			if !errors.As(err, &failure) || failure.Task != 3 || !errors.As(err, &panicked) {
				t.Fatalf("%s: got %v, want the panic of task 3", name, err)
			}
			if panicked.Value != "three explodes" || !strings.Contains(panicked.Stack, "explodeHere") {
				t.Errorf("%s: panic %q with stack\n%s", name, panicked.Value, panicked.Stack)
			}
		}
	})
}

func TestRunnerWorksAfterAFailure(t *testing.T) {
	every(t, func(t *testing.T, m models.Model) {
		r, err := m.Start(t.Context(), newJob(t, "fail", params{n: 8}))
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		if _, err := r.Run(t.Context(), 8); err == nil {
			t.Fatal("task 3 did not fail")
		}
		if o, err := r.Run(t.Context(), 3); err != nil || len(o.Answers) != 3 {
			t.Errorf("the tasks before it: %v", err)
		}
	})
}

func TestCancelAndDeadlineStopTheRun(t *testing.T) {
	server := listen(t, func(conn net.Conn) { io.Copy(io.Discard, conn) })
	errStop := errors.New("enough")
	every(t, func(t *testing.T, m models.Model) {
		for _, name := range []string{"forever", "unread"} {
			job := newJob(t, name, params{n: 20, address: server})
			ctx, cancel := context.WithCancelCause(t.Context())
			timer := time.AfterFunc(10*time.Millisecond, func() { cancel(errStop) })
			if _, err := runStarted(t, ctx, m, job); !errors.Is(err, errStop) {
				t.Errorf("%s cancelled: %v", name, err)
			}
			timer.Stop()
			cancel(nil)
			ctx, done := context.WithTimeout(t.Context(), 10*time.Millisecond)
			if _, err := runStarted(t, ctx, m, job); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s after its deadline: %v", name, err)
			}
			done()
		}
	})
}

// runStarted bounds the run alone by ctx, not the start of the model.
func runStarted(t *testing.T, ctx context.Context, m models.Model, job models.Job) (models.Outcome, error) {
	t.Helper()
	r, err := m.Start(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	return r.Run(ctx, job.N)
}

func TestLimitIsRespected(t *testing.T) {
	every(t, func(t *testing.T, m models.Model) {
		for _, limit := range []int{1, 3} {
			job := newJob(t, "stamps", params{n: 30})
			job.Limit = limit
			if peak := peakInFlight(mustRun(t, m, job).Answers); peak > limit {
				t.Errorf("%d tasks in flight with a limit of %d", peak, limit)
			}
		}
	})
}

func TestSequentialRunsOneTaskAtATime(t *testing.T) {
	job := newJob(t, "stamps", params{n: 10})
	if peak := peakInFlight(mustRun(t, models.All()[0], job).Answers); peak != 1 {
		t.Errorf("%d tasks in flight", peak)
	}
}

// peakInFlight is the largest number of stamped stretches that overlap.
func peakInFlight(answers [][]byte) int {
	type event struct {
		at   uint64
		step int
	}
	var events []event
	for _, a := range answers {
		events = append(events,
			event{binary.BigEndian.Uint64(a), +1}, event{binary.BigEndian.Uint64(a[8:]), -1})
	}
	slices.SortFunc(events, func(a, b event) int {
		if a.at != b.at {
			return int(int64(a.at - b.at))
		}
		return a.step - b.step
	})
	peak, now := 0, 0
	for _, e := range events {
		now += e.step
		peak = max(peak, now)
	}
	return peak
}

func TestSocketsOfTheEnv(t *testing.T) {
	server := listen(t, func(conn net.Conn) { io.Copy(conn, conn) })
	every(t, func(t *testing.T, m models.Model) {
		for i, answer := range mustRun(t, m, newJob(t, "echo", params{n: 20, address: server})).Answers {
			if !bytes.Equal(answer, number(i)) {
				t.Errorf("answer %d is %x", i, answer)
			}
		}
		_, err := run(t, t.Context(), m, newJob(t, "echo", params{n: 1, address: "127.0.0.1:1"}))
		if failure := (*models.TaskError)(nil); !errors.As(err, &failure) || !strings.Contains(err.Error(), "refused") {
			t.Errorf("dialling a closed port: %v", err)
		}
	})
}

func TestOffload(t *testing.T) {
	every(t, func(t *testing.T, m models.Model) {
		for i, answer := range mustRun(t, m, newJob(t, "offload", params{n: 20})).Answers {
			if !bytes.Equal(answer, number(2*i)) {
				t.Errorf("answer %d is %x", i, answer)
			}
		}
		if _, err := run(t, t.Context(), m, newJob(t, "nowhere", params{n: 1})); err == nil ||
			!strings.Contains(err.Error(), "no Compute") {
			t.Errorf("offloading without a Compute: %v", err)
		}
	})
}

func TestRunsShareNothing(t *testing.T) {
	every(t, func(t *testing.T, m models.Model) {
		job := newJob(t, "shared", params{n: 6})
		r, err := m.Start(t.Context(), job)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		for range 3 {
			o, err := r.Run(t.Context(), job.N)
			if err != nil {
				t.Fatal(err)
			}
			for _, answer := range o.Answers {
				if n := binary.BigEndian.Uint64(answer); n > uint64(job.N) {
					t.Errorf("a task counted %d tasks in a run of %d", n, job.N)
				}
			}
		}
	})
}

func TestProcessesOfAModel(t *testing.T) {
	every(t, func(t *testing.T, m models.Model) {
		job := newJob(t, "process", params{n: 8})
		r, err := m.Start(t.Context(), job)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		o, err := r.Run(t.Context(), job.N)
		if err != nil {
			t.Fatal(err)
		}
		workers, err := r.Workers(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, answer := range o.Answers {
			var pid, procs int
			fmt.Sscan(string(answer), &pid, &procs)
			known := slices.ContainsFunc(workers, func(w workerUsage) bool { return w.PID == pid })
			switch m.Name() {
			case "processpool":
				if pid == os.Getpid() || procs != 1 || !known {
					t.Errorf("a task ran in process %d at GOMAXPROCS=%d; workers are %+v", pid, procs, workers)
				}
			case "gil":
				if pid != os.Getpid() || procs != 1 {
					t.Errorf("a task ran in process %d at GOMAXPROCS=%d", pid, procs)
				}
			default:
				if pid != os.Getpid() || procs != runtime.GOMAXPROCS(0) {
					t.Errorf("a task ran in process %d at GOMAXPROCS=%d", pid, procs)
				}
			}
		}
		if hasWorkers := m.Name() == "processpool" || m.Name() == "hybrid"; hasWorkers != (len(workers) > 0) {
			t.Errorf("%d workers", len(workers))
		}
	})
}

func TestDeathOfAWorkerFailsItsTask(t *testing.T) {
	m := models.All()[3]
	r, err := m.Start(t.Context(), newJob(t, "exit", params{n: 8}))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	_, err = r.Run(t.Context(), 8)
	failure, crash := (*models.TaskError)(nil), (*procpool.CrashError)(nil)
	if !errors.As(err, &failure) || failure.Task != 3 || !errors.As(err, &crash) {
		t.Fatalf("got %v, want the death of the worker of task 3", err)
	}
	if o, err := r.Run(t.Context(), 3); err != nil || len(o.Answers) != 3 {
		t.Errorf("after the worker was replaced: %v", err)
	}
}

func TestUnknownJobFailsTheStart(t *testing.T) {
	_, err := models.All()[3].Start(t.Context(), models.Job{Name: "unheard of", N: 1, Body: doNothing})
	if err == nil || !strings.Contains(err.Error(), "unheard of") {
		t.Errorf("got %v", err)
	}
}

// listen serves each connection with handle until the test ends.
func listen(t *testing.T, handle func(net.Conn)) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				handle(conn)
			}()
		}
	}()
	return l.Addr().String()
}

// TestSwitches checks what a task is told of its own switches: nothing where
// goroutines wait, and both ends of each wait where the model switches.
func TestSwitches(t *testing.T) {
	job := models.Job{Name: "switches", N: 3, Limit: 2, Switches: true, Body: func(env models.Env, i int) ([]byte, error) {
		told := []byte{}
		s, ok := env.(models.Switcher)
		if !ok {
			return []byte("none"), nil
		}
		s.OnSwitch(func(running bool) {
			told = append(told, '-')
			if running {
				told[len(told)-1] = '+'
			}
		})
		for range i {
			if err := env.Sleep(time.Millisecond); err != nil {
				return nil, err
			}
		}
		return told, nil
	}}
	for _, m := range models.All()[:3] {
		r, err := m.Start(t.Context(), job)
		if err != nil {
			t.Fatal(err)
		}
		out, err := r.Run(t.Context(), job.N)
		if err != nil {
			t.Fatalf("%s: %v", m.Name(), err)
		}
		want := []string{"none", "none", "none"}
		if m.Name() == "eventloop" {
			want = []string{"", "-+", "-+-+"}
		}
		for i, answer := range out.Answers {
			if string(answer) != want[i] {
				t.Errorf("%s: task %d was told %q, want %q", m.Name(), i, answer, want[i])
			}
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
}
