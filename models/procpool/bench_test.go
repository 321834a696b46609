//go:build unix

package procpool

import (
	"context"
	"fmt"
	"io"
	"os"
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

// BenchmarkPayload sends payloads to a worker and back.
func BenchmarkPayload(b *testing.B) {
	for _, size := range []int{64, 4 << 10, 64 << 10, 1 << 20, 16 << 20} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			p := open(b, Options{Workers: 1})
			input := make([]byte, size)
			b.SetBytes(2 * int64(size))
			for b.Loop() {
				if _, err := p.Submit(context.Background(), "echo", input).Result(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
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
