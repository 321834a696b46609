package main

import (
	"math"
	"math/rand/v2"
	"slices"
)

// A world says how the times of simulated samples scatter. All is on the scale of
// logarithms, so 0.01 is noise of 1 %.
type world struct {
	name string
	// breaks says which assumption of the intervals does not hold, "" for none.
	breaks string
	// base and model draw the noise that a sample has for itself.
	base, model noise
	// start draws what the machine does in one run, nil for a steady machine. Span
	// is the number of rounds of the run, as far as drift is concerned.
	start func(random *rand.Rand, span int) conditions
	// families says that whole families are judged in this world, precise that the
	// precision decides the number of their rounds.
	families, precise bool
}

// noise draws the logarithm of what one sample is slower by.
type noise func(*rand.Rand) float64

// conditions tell the logarithm of what the machine is slower by while a sample is
// taken. Within is how much of the round is over, from 0 to 1; cell numbers the
// cells of the plan. Rounds come in order.
type conditions func(round int, within float64, cell int) float64

// usualNoise is that of worlds whose name gives none.
const usualNoise = 0.01

// worlds are those in which the judgement is tried.
func worlds() []world {
	calm := normal(usualNoise)
	same := func(name string, n noise) world { return world{name: name, base: n, model: n} }
	under := func(name string, start func(*rand.Rand, int) conditions) world {
		return world{name: name, base: calm, model: calm, start: start}
	}
	against := func(name, breaks string, n noise) world {
		return world{name: name, breaks: breaks, base: calm, model: n}
	}
	all := []world{
		same("noise 0.5 %", normal(0.005)),
		same("noise 2 %", normal(0.02)),
		same("noise 5 %", normal(0.05)),
		{name: "noise 0.5 % of base, 3 % of model", base: normal(0.005), model: normal(0.03)},
		same("10 % of samples x1.5", mixed(0.10, math.Log(1.5))),
		same("t, 3 degrees", student(3)),
		same("t, 2 degrees", student(2)),
		same("Pareto delays", pareto),
		same("two modes: 30 % of samples +8 %", mixed(0.30, math.Log(1.08))),
		under("modes +8 % held for 5 rounds", heldModes(everywhere)),
		under("drift 5 %, even", drifting(0.05, even)),
		under("drift 15 %, even", drifting(0.15, even)),
		under("drift 5 %, 3 steps", drifting(0.05, stepwise)),
		under("drift 15 %, 3 steps", drifting(0.15, stepwise)),
		under("drift 3 % within rounds", withinRounds),
		under("AR(1) 0.6 of 2 %", autoregressive(everywhere)),
		{name: "x1.5, t, modes, drift at once", base: jumble, model: jumble, start: drifting(0.15, stepwise)},
		against("x1.5 of model only", "symmetry", mixed(0.10, math.Log(1.5))),
		against("two modes of model only", "symmetry", mixed(0.30, math.Log(1.08))),
		against("Pareto delays of model only", "symmetry", pareto),
		{name: "modes held, each cell its own", breaks: "independence", base: calm, model: calm, start: heldModes(perCell)},
		{name: "AR(1) 0.6, each cell its own", breaks: "independence", base: calm, model: calm, start: autoregressive(perCell)},
	}
	for i := range all {
		switch all[i].name {
		case "noise 0.5 %":
			all[i].families, all[i].precise = true, true
		case "t, 3 degrees", "x1.5, t, modes, drift at once":
			all[i].families = true
		}
	}
	return all
}

func normal(deviation float64) noise {
	return func(random *rand.Rand) float64 { return deviation * random.NormFloat64() }
}

// mixed is the usual noise with a share of samples that are slower.
func mixed(share, slower float64) noise {
	return func(random *rand.Rand) float64 {
		v := usualNoise * random.NormFloat64()
		if random.Float64() < share {
			v += slower
		}
		return v
	}
}

// student is Student's t, as a normal variable over the root of a mean of squares.
func student(degrees int) noise {
	return func(random *rand.Rand) float64 {
		squares := 0.0
		for range degrees {
			v := random.NormFloat64()
			squares += v * v
		}
		return usualNoise * random.NormFloat64() / math.Sqrt(squares/float64(degrees))
	}
}

// pareto adds delays that have a mean but no variance: one in 1000 is of 99 %.
func pareto(random *rand.Rand) float64 {
	delay := math.Pow(1-random.Float64(), -1/1.5) - 1
	return math.Log1p(usualNoise * delay)
}

func jumble(random *rand.Rand) float64 {
	v := student(3)(random)
	switch u := random.Float64(); {
	case u < 0.05:
		v += math.Log(1.5)
	case u < 0.30:
		v += math.Log(1.08)
	}
	return v
}

// Who shares what the machine does.
const (
	everywhere = false // all cells of a round
	perCell    = true  // each cell has its own
)

// states keeps one state per cell, or one for all, and steps it once per round.
func states(own bool, first func() float64, next func(float64) float64, effect func(float64) float64) conditions {
	type state struct {
		round int
		v     float64
	}
	var all []state
	return func(round int, _ float64, cell int) float64 {
		if !own {
			cell = 0
		}
		for len(all) <= cell {
			all = append(all, state{round, first()})
		}
		s := &all[cell]
		for ; s.round < round; s.round++ {
			s.v = next(s.v)
		}
		return effect(s.v)
	}
}

// heldModes is 8 % slower in 30 % of the rounds; a mode is drawn anew every fifth
// round in the mean.
func heldModes(own bool) func(*rand.Rand, int) conditions {
	return func(random *rand.Rand, _ int) conditions {
		next := func(v float64) float64 {
			if random.Float64() < 0.2 {
				return random.Float64()
			}
			return v
		}
		return states(own, random.Float64, next, func(v float64) float64 {
			if v < 0.3 {
				return math.Log(1.08)
			}
			return 0
		})
	}
}

// autoregressive has a deviation of 2 % and a correlation of 0.6 from each round to
// the next.
func autoregressive(own bool) func(*rand.Rand, int) conditions {
	const correlation, deviation = 0.6, 0.02
	return func(random *rand.Rand, _ int) conditions {
		next := func(v float64) float64 {
			return correlation*v + math.Sqrt(1-correlation*correlation)*random.NormFloat64()
		}
		return states(own, random.NormFloat64, next, func(v float64) float64 { return deviation * v })
	}
}

// drifting slows down by a share over the run, along a shape from 0 to 1. It goes
// on beyond the span, for runs that last longer.
func drifting(share float64, shape func(float64) float64) func(*rand.Rand, int) conditions {
	return func(_ *rand.Rand, span int) conditions {
		return func(round int, within float64, _ int) float64 {
			return math.Log1p(share * shape((float64(round)+within)/float64(span)))
		}
	}
}

func even(at float64) float64 { return at }

// stepwise rises at a sixth, a half and five sixths: one step in a round hits the
// samples after it alone.
func stepwise(at float64) float64 { return math.Floor(3*at+0.5) / 3 }

// withinRounds is what a machine does that warms up in each round.
func withinRounds(*rand.Rand, int) conditions {
	return func(_ int, within float64, _ int) float64 { return math.Log1p(0.03 * within) }
}

// centerDraws is the number of draws for centers that no symmetry gives.
const centerDraws = 1_000_000

// center is what the Hodges-Lehmann estimate of log(base/model) estimates in a
// world with a true ratio of 1: the pseudo-median, the median of the mean of two
// independent draws. Where base and model scatter alike it is 0, and the ratio is
// that of the medians too. Otherwise it is found by drawing.
func (w world) center() float64 {
	if w.breaks == "" {
		return 0
	}
	random := rand.New(rand.NewPCG(1, 2))
	draw := func() float64 {
		d := w.base(random) - w.model(random)
		if w.start != nil {
			c := w.start(random, driftSpan)
			d += c(0, 0, 0) - c(0, 0, 1)
		}
		return d
	}
	means := make([]float64, centerDraws)
	for i := range means {
		means[i] = (draw() + draw()) / 2
	}
	slices.Sort(means)
	return means[len(means)/2]
}
