//go:build unix

package procpool

import (
	"context"
	"iter"
	"testing"
)

// typed returns its input.
func typed(name string, c Codec[point]) Task[point, point] {
	return NewTask("typed "+name, func(_ context.Context, p point) (point, error) { return p, nil }, c, c)
}

// BenchmarkTyped maps values of 22 bytes through each codec, in and out, beside
// the same bytes raw. An op is a task; allocations are those of the owner and the
// workers together.
func BenchmarkTyped(b *testing.B) {
	p := open(b, Options{Workers: 2})
	b.Run("raw", func(b *testing.B) {
		raw := make([]byte, 22)
		benchmarkTask(b, p, func(n int) iter.Seq2[[]byte, error] {
			return p.Map(context.Background(), "echo", repeated(raw, n))
		})
	})
	for _, way := range []struct {
		name  string
		codec Codec[point]
	}{{"fixed", Fixed[point]()}, {"json", JSON[point]()}, {"gob", Gob[point]()}} {
		task := typed(way.name, way.codec)
		b.Run(way.name, func(b *testing.B) {
			benchmarkTask(b, p, func(n int) iter.Seq2[point, error] {
				return task.Map(context.Background(), p, repeated(point{X: 7, Y: 1}, n))
			})
		})
	}
}

// benchmarkTask runs b.N tasks once the pool knows their pace.
func benchmarkTask[T any](b *testing.B, p *Pool, run func(n int) iter.Seq2[T, error]) {
	drain(b, run(1000))
	before := allocations(b, p)
	b.ResetTimer()
	drain(b, run(b.N))
	b.StopTimer()
	b.ReportMetric(float64(allocations(b, p)-before)/float64(b.N), "allocs/task")
}

func drain[T any](b *testing.B, results iter.Seq2[T, error]) {
	b.Helper()
	for _, err := range results {
		if err != nil {
			b.Fatal(err)
		}
	}
}

// repeated is v, n times.
func repeated[T any](v T, n int) iter.Seq[T] {
	return func(yield func(T) bool) {
		for range n {
			if !yield(v) {
				return
			}
		}
	}
}
