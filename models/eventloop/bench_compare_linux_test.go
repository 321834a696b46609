package eventloop_test

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
)

// figures are what came out of one measurement, by unit.
type figures map[string]float64

// A comparison measures several sides in one run, in rounds: each round measures
// every side once, in random order, so whatever slows the machine down for a
// while slows all sides down alike.
type comparison struct {
	sides   []string // the first is what the others are compared with
	key     string   // the unit that is compared; empty for none
	ratio   string   // the unit of the ratio of key to that of the first side
	measure func(side string) figures
	overall func(side string) figures // of all rounds together; nil for none
}

// run measures b.N rounds, and then reports one line per side: the median of
// each figure, and the median of the ratios within the rounds.
func (c comparison) run(b *testing.B) {
	var rounds []map[string]figures
	b.Run("rounds", func(b *testing.B) {
		rounds = nil
		for range b.N {
			round := make(map[string]figures)
			for _, i := range rand.Perm(len(c.sides)) {
				round[c.sides[i]] = c.measure(c.sides[i])
			}
			rounds = append(rounds, round)
		}
	})
	if len(rounds) == 0 {
		return // not selected
	}
	for _, side := range c.sides {
		b.Run(side, func(b *testing.B) { c.report(b, side, rounds) })
	}
}

func (c comparison) report(b *testing.B, side string, rounds []map[string]figures) {
	b.ReportMetric(0, "ns/op") // there is none
	for unit := range maps.Keys(rounds[0][side]) {
		b.ReportMetric(medianOf(rounds, func(r map[string]figures) float64 { return r[side][unit] }), unit)
	}
	if c.overall != nil {
		for unit, figure := range c.overall(side) {
			b.ReportMetric(figure, unit)
		}
	}
	if c.key != "" {
		b.ReportMetric(medianOf(rounds, func(r map[string]figures) float64 {
			return r[side][c.key] / r[c.sides[0]][c.key]
		}), c.ratio)
	}
}

func medianOf(rounds []map[string]figures, figure func(map[string]figures) float64) float64 {
	var all []float64
	for _, r := range rounds {
		all = append(all, figure(r))
	}
	return quantile(all, 0.5)
}

// quantile returns the q-th quantile of samples, interpolated between the two nearest, and
// sorts them.
func quantile(samples []float64, q float64) float64 {
	slices.Sort(samples)
	at := q * float64(len(samples)-1)
	low := int(at)
	high := min(low+1, len(samples)-1)
	return samples[low] + (at-float64(low))*(samples[high]-samples[low])
}
