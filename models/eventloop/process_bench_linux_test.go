package eventloop_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"juggle/models/eventloop"
)

// BenchmarkStart starts a child that ends at once, and waits for it. How long
// Start itself holds up the loop is a figure of its own, at the median.
func BenchmarkStart(b *testing.B) {
	run(b, func(ctx context.Context) error {
		l := eventloop.FromContext(ctx)
		var held []time.Duration
		for b.Loop() {
			began := l.Time()
			p, err := eventloop.Command{Program: "/bin/true"}.Start(ctx)
			held = append(held, l.Time()-began)
			if err != nil {
				return err
			}
			if err := p.Wait(ctx); err != nil {
				return err
			}
		}
		slices.Sort(held)
		b.ReportMetric(float64(held[len(held)/2]), "held-ns")
		return nil
	})
}
