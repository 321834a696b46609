//go:build unix

package procpool

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"juggle/internal/reexec"
	"juggle/internal/usage"
)

// pingBytes is the size of a frame with a small payload.
const pingBytes = headerBytes + 8

// servePingPong sends back whatever arrives, pingBytes at a time.
func servePingPong(socket *os.File) {
	ball := make([]byte, pingBytes)
	for {
		if _, err := io.ReadFull(socket, ball); err != nil {
			os.Exit(0)
		}
		if _, err := socket.Write(ball); err != nil {
			os.Exit(1)
		}
	}
}

// BenchmarkSocketpair is the floor under BenchmarkRoundTrip: as many bytes to a
// child over the same kind of socket and back, and nothing else.
func BenchmarkSocketpair(b *testing.B) {
	child, err := reexec.Start("pingpong", reexec.Options{Environment: []string{"GOMAXPROCS=1"}})
	if err != nil {
		b.Fatal(err)
	}
	defer child.Stop(time.Minute)
	ball := make([]byte, pingBytes)
	for b.Loop() {
		if _, err := child.Socket.Write(ball); err != nil {
			b.Fatal(err)
		}
		if _, err := io.ReadFull(child.Socket, ball); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRoundTrip submits a task and waits for it, with one worker.
func BenchmarkRoundTrip(b *testing.B) {
	p := open(b, Options{Workers: 1})
	input := make([]byte, pingBytes-headerBytes)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.Submit(context.Background(), "echo", input).Result(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCallback submits each task from the callback of the one before, so no
// goroutine has to be woken.
func BenchmarkCallback(b *testing.B) {
	p := open(b, Options{Workers: 1})
	input := make([]byte, pingBytes-headerBytes)
	last := make(chan error, 1) // step runs right here if the task is quicker than OnDone
	left := b.N
	var step func([]byte, error)
	step = func(_ []byte, err error) {
		if left--; left < 0 || err != nil {
			last <- err
			return
		}
		p.Submit(context.Background(), "echo", input).OnDone(step)
	}
	b.ResetTimer()
	p.Submit(context.Background(), "echo", input).OnDone(step)
	if err := <-last; err != nil {
		b.Fatal(err)
	}
}

// BenchmarkMapTiny maps a million inputs of 8 bytes to a function that does
// nothing, with two workers and otherwise default options. Allocations are those
// of the owner and the workers together.
func BenchmarkMapTiny(b *testing.B) {
	const tasks = 1_000_000
	p := open(b, Options{Workers: 2})
	input := make([]byte, 8)
	inputs := func(yield func([]byte) bool) {
		for range tasks {
			if !yield(input) {
				return
			}
		}
	}
	before := allocations(b, p)
	for b.Loop() {
		for output, err := range p.Map(context.Background(), "echo", inputs) {
			if err != nil || len(output) != len(input) {
				b.Fatal(len(output), err)
			}
		}
	}
	n := float64(b.N) * tasks
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/n, "ns/task")
	b.ReportMetric(float64(allocations(b, p)-before)/n, "allocs/task")
}

// allocations counts those of this process and of the workers of p.
func allocations(b *testing.B, p *Pool) int64 {
	b.Helper()
	self, err := usage.Self()
	if err != nil {
		b.Fatal(err)
	}
	n := self.Allocs
	stats, err := p.Stats(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	for _, s := range stats {
		n += s.Usage.Allocs
	}
	return n
}

// BenchmarkOpen starts two workers, does one task and ends them.
func BenchmarkOpen(b *testing.B) {
	for b.Loop() {
		p, err := Open(context.Background(), Options{Workers: 2})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := submit(p, "echo", "").Result(); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		p.Close()
		b.StartTimer()
	}
}

// BenchmarkPayload sends a payload to a worker ("in"), or gets one from a worker
// ("out"), where the receiver reads a byte of every page of it in place, beside a
// plain copy of as many bytes within one process.
func BenchmarkPayload(b *testing.B) {
	for _, size := range []int{64, 1 << 10, 16 << 10, 64 << 10, 1 << 20, 8 << 20, MaxPayload} {
		data := bytes.Repeat([]byte{1}, size)
		b.Run(fmt.Sprint("copy/", size), func(b *testing.B) {
			to := make([]byte, size)
			b.SetBytes(int64(size))
			for b.Loop() {
				copy(to, data)
			}
		})
		b.Run(fmt.Sprint("in/", size), func(b *testing.B) {
			p := open(b, Options{Workers: 1})
			b.SetBytes(int64(size))
			for b.Loop() {
				want(b, p.Submit(context.Background(), "touch", data), "true")
			}
		})
		b.Run(fmt.Sprint("out/", size), func(b *testing.B) {
			p := open(b, Options{Workers: 1})
			input := strconv.AppendInt(nil, int64(size), 10)
			b.SetBytes(int64(size))
			for b.Loop() {
				loan, err := p.Submit(context.Background(), "ones", input).Borrow()
				if err != nil || len(loan.Bytes()) != size || !touched(loan.Bytes()) {
					b.Fatal(err)
				}
				loan.Release()
			}
		})
	}
}

// BenchmarkThreshold sends inputs over the socket and through a block of shared
// memory. bigBytes is where the second gets quicker.
func BenchmarkThreshold(b *testing.B) {
	for _, size := range []int{1 << 10, 4 << 10, 8 << 10, 16 << 10, 32 << 10, 64 << 10, 256 << 10} {
		data := bytes.Repeat([]byte{1}, size)
		for _, way := range []struct {
			name string
			big  int
		}{{"socket", size + 1}, {"block", 0}} {
			b.Run(fmt.Sprint(way.name, "/", size), func(b *testing.B) {
				p := open(b, Options{Workers: 1})
				p.slots[0].worker.big = way.big
				b.SetBytes(int64(size))
				for b.Loop() {
					want(b, p.Submit(context.Background(), "touch", data), "true")
				}
			})
		}
	}
}

// kept is what ones returned last.
var kept []byte

// ones returns as many ones as in says, the same memory each time.
func ones(_ context.Context, in []byte) ([]byte, error) {
	n, err := strconv.Atoi(string(in))
	if len(kept) != n {
		kept = bytes.Repeat([]byte{1}, n)
	}
	return kept, err
}

// touch tells whether there is a one in every page of in.
func touch(_ context.Context, in []byte) ([]byte, error) {
	return strconv.AppendBool(nil, touched(in)), nil
}

func touched(in []byte) bool {
	for i := 0; i < len(in); i += 4 << 10 {
		if in[i] != 1 {
			return false
		}
	}
	return true
}

// spinMillisecond is how many rounds of spin take about a millisecond.
const spinMillisecond = 610_000

// compute does as many rounds of arithmetic as in says.
func compute(_ context.Context, in []byte) ([]byte, error) {
	n := binary.LittleEndian.Uint64(in)
	x := uint64(1)
	for range n {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
	}
	return binary.LittleEndian.AppendUint64(nil, x), nil
}

// uneven is the inputs of n tasks of compute. One in fifty takes fifty times as
// long if that is asked for.
func uneven(n, rounds int, oneInFifty bool) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for i := range n {
			r := rounds
			if oneInFifty && i%50 == 25 {
				r *= 50
			}
			if !yield(binary.LittleEndian.AppendUint64(nil, uint64(r))) {
				return
			}
		}
	}
}

// BenchmarkCompute runs tasks that only compute, in a pool of two workers and in
// two goroutines. "of_ideal" is the time of half the work in one goroutine by the
// time of the pool, and "of_goroutines" that of the two goroutines. Each is
// measured in every round.
func BenchmarkCompute(b *testing.B) {
	for name, inputs := range map[string]iter.Seq[[]byte]{
		"even":   uneven(400, spinMillisecond, false),
		"uneven": uneven(1000, spinMillisecond/5, true),
	} {
		b.Run(name, func(b *testing.B) {
			p := open(b, Options{Workers: 2})
			for _, err := range p.Map(context.Background(), "compute", inputs) { // learn the pace
				if err != nil {
					b.Fatal(err)
				}
			}
			var one, two, pool time.Duration
			for b.Loop() {
				one += timed(func() { computeHere(inputs, 1) })
				two += timed(func() { computeHere(inputs, 2) })
				pool += timed(func() {
					for range p.Map(context.Background(), "compute", inputs) {
					}
				})
			}
			b.ReportMetric(float64(one)/2/float64(pool), "of_ideal")
			b.ReportMetric(float64(two)/float64(pool), "of_goroutines")
		})
	}
}

func timed(f func()) time.Duration {
	start := time.Now()
	f()
	return time.Since(start)
}

// computeHere runs tasks of compute in goroutines that take the next one when
// they are done with one.
func computeHere(inputs iter.Seq[[]byte], goroutines int) {
	todo := slices.Collect(inputs)
	var next atomic.Int64
	var group sync.WaitGroup
	for range goroutines {
		group.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(todo)); i = next.Add(1) - 1 {
				compute(context.Background(), todo[i])
			}
		})
	}
	group.Wait()
}

// BenchmarkIdleWorker reports what a worker has resident that has done one task, in
// a program with nothing but a pool. Most of it are pages of the executable,
// which workers and their owner share.
func BenchmarkIdleWorker(b *testing.B) {
	program := filepath.Join(b.TempDir(), "smallest")
	if output, err := exec.Command("go", "build", "-o", program, "./internal/smallest").CombinedOutput(); err != nil {
		b.Skipf("building it: %v: %s", err, output)
	}
	var resident float64
	for b.Loop() {
		output, err := exec.Command(program).Output()
		if err != nil {
			b.Skip("this system does not tell: ", err)
		}
		if resident, err = strconv.ParseFloat(strings.TrimSpace(string(output)), 64); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(resident/(1<<20), "MiB")
}

// BenchmarkStats asks one idle worker for its account.
func BenchmarkStats(b *testing.B) {
	p := open(b, Options{Workers: 1})
	for b.Loop() {
		if _, err := p.Stats(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
}
