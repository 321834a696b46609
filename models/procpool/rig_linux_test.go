package procpool

import (
	"bufio"
	"context"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"
)

// A rig is a pool in which workers fail, and what is known of it.
type rig struct {
	pool *Pool
	dir  string   // see fault
	fifo *os.File // where workers say who they are
	says *bufio.Reader

	mu    sync.Mutex // guards ended
	news  sync.Cond  // ended has changed
	ended map[int]bool

	futures []*counted // of all cells
}

// A counted future counts how often it has ended.
type counted struct {
	*Future
	input string
	ends  atomic.Int32
}

// newRig opens a pool. The rig is closed by close.
func newRig(t *testing.T, o Options) *rig {
	t.Helper()
	r := &rig{dir: t.TempDir(), ended: make(map[int]bool)}
	r.news.L = &r.mu
	path := filepath.Join(r.dir, "fifo")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	var err error
	if r.fifo, err = os.OpenFile(path, os.O_RDWR, 0); err != nil {
		t.Fatal(err)
	}
	r.says = bufio.NewReader(r.fifo)
	o.Hooks.WorkerEnded = func(e WorkerEvent) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.ended[e.PID] = true
		r.news.Broadcast()
	}
	if r.pool, err = Open(context.Background(), o); err != nil {
		r.fifo.Close()
		t.Fatal(err)
	}
	return r
}

// close closes the pool, which has not failed, and checks that every future has
// ended once.
func (r *rig) close(t *testing.T) {
	t.Helper()
	if err := r.end(t); err != nil {
		t.Errorf("Close: %v", err)
	}
}

// end is close for a pool that may have failed. It returns why it has.
func (r *rig) end(t *testing.T) (reason error) {
	t.Helper()
	defer watchdog(t, r.pool)()
	reason = r.pool.Close()
	r.pool.Kill()
	r.fifo.Close()
	for i, f := range r.futures {
		if n := f.ends.Load(); n != 1 {
			t.Errorf("future %d of %d ended %d times", i, len(r.futures), n)
		}
	}
	return reason
}

func (r *rig) hasEnded(pid int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ended[pid]
}

// awaitEnd waits until the pool has buried a worker.
func (r *rig) awaitEnd(pid int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for !r.ended[pid] {
		r.news.Wait()
	}
}

// hold locks a file for which workers wait, until release is called.
func (r *rig) hold(t *testing.T, name string) (release func()) {
	t.Helper()
	file, err := os.Create(filepath.Join(r.dir, name))
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	return func() { file.Close() }
}

// reported waits until a worker says who it is.
func (r *rig) reported(t *testing.T) (pid int) {
	t.Helper()
	line, err := r.says.ReadString('\n')
	if err == nil {
		pid, err = strconv.Atoi(strings.TrimSpace(line))
	}
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// meet has every worker run something at the same time: all slots are filled,
// and all workers work.
func (r *rig) meet(t *testing.T) {
	t.Helper()
	release := r.hold(t, "met")
	defer release()
	var there []*counted
	for range r.pool.options.Workers {
		there = append(there, r.submit(t.Context(), "meet", r.dir))
	}
	var pids []int
	for range there {
		pids = append(pids, r.reported(t))
	}
	release()
	for _, f := range there {
		if got, err := f.Result(); err != nil || !slices.Contains(pids, atoi(got)) {
			t.Errorf("a worker answered %q, %v", got, err)
		}
	}
	slices.Sort(pids)
	if n := len(slices.Compact(pids)); n != len(there) {
		t.Errorf("%d workers of %d work", n, len(there))
	}
}

func atoi(b []byte) int {
	n, _ := strconv.Atoi(string(b))
	return n
}

// submit submits a task whose ends are counted.
func (r *rig) submit(ctx context.Context, name, input string) *counted {
	f := &counted{Future: r.pool.Submit(ctx, name, []byte(input)), input: input}
	f.OnDone(func([]byte, error) { f.ends.Add(1) })
	r.futures = append(r.futures, f)
	return f
}

// bystander is the input of a task that is to see nothing of a fault. Some are
// large enough for shared memory.
func bystander(i int) string {
	text := fmt.Sprint("bystander ", i)
	if i%7 == 3 {
		text += strings.Repeat(".", bigBytes)
	}
	return text
}

// An ending is how the task of a throng ended that was to fail.
type ending struct {
	output string
	err    error
}

// A throng runs many tasks, with one that fails among them unless that is empty,
// and returns how that ended. The others must be done, but for those that
// pardoned accepts the error of.
type throng func(r *rig, t *testing.T, ctx context.Context, fails string, pardoned func(error) bool) ending

// throngSize is enough for several chunks for every worker.
func (r *rig) throngSize() int { return 6*r.pool.options.Workers + 12 }

// asFutures is a throng of submitted tasks.
func (r *rig) asFutures(t *testing.T, ctx context.Context, fails string, pardoned func(error) bool) (got ending) {
	t.Helper()
	var all []*counted
	n := r.throngSize()
	for i := range n {
		if i == n/2 && fails != "" {
			all = append(all, r.submit(ctx, "faulty", fails))
		}
		all = append(all, r.submit(t.Context(), "faulty", bystander(i)))
	}
	for _, f := range all {
		output, err := f.Result()
		if f.input == fails {
			got = ending{string(output), err}
		} else if (err != nil || string(output) != f.input) && !pardoned(err) {
			t.Errorf("%.20q gave %.20q, %v", f.input, output, err)
		}
	}
	return got
}

// asMap is a throng of items of Map.
func (r *rig) asMap(t *testing.T, ctx context.Context, fails string, pardoned func(error) bool) ending {
	t.Helper()
	return r.mapped(t, fails, pardoned, func(inputs iter.Seq[[]byte], check func(int, Result)) {
		i := 0
		for output, err := range r.pool.Map(ctx, "faulty", inputs) {
			check(i, Result{output, err})
			i++
		}
	})
}

// asMapCompleted is a throng of items of MapCompleted.
func (r *rig) asMapCompleted(t *testing.T, ctx context.Context, fails string, pardoned func(error) bool) ending {
	t.Helper()
	return r.mapped(t, fails, pardoned, func(inputs iter.Seq[[]byte], check func(int, Result)) {
		for i, got := range r.pool.MapCompleted(ctx, "faulty", inputs) {
			check(i, got)
		}
	})
}

func (r *rig) mapped(t *testing.T, fails string, pardoned func(error) bool, run func(iter.Seq[[]byte], func(int, Result))) (got ending) {
	t.Helper()
	inputs := make([][]byte, r.throngSize())
	for i := range inputs {
		inputs[i] = []byte(bystander(i))
	}
	if fails != "" {
		inputs[len(inputs)/2] = []byte(fails)
	}
	seen := make([]int, len(inputs))
	run(slices.Values(inputs), func(i int, result Result) {
		seen[i]++
		if input := string(inputs[i]); input == fails {
			got = ending{string(result.Output), result.Err}
		} else if (result.Err != nil || string(result.Output) != input) && !pardoned(result.Err) {
			t.Errorf("%.20q gave %.20q, %v", input, result.Output, result.Err)
		}
	})
	if slices.Min(seen) != 1 || slices.Max(seen) != 1 {
		t.Errorf("items of a Map arrived so often: %v", seen)
	}
	return got
}
