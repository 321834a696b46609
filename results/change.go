package results

import (
	"math"
	"strings"
)

// Kinds of a change beside those of a verdict. Faster and slower are said of time
// per op and of rates alone.
const (
	Better VerdictKind = "better"
	Worse  VerdictKind = "worse"
	Higher VerdictKind = "higher" // in a unit of which nobody says what is better
	Lower  VerdictKind = "lower"
)

// A Change is what one series of NEW is against the same of OLD.
type Change struct {
	Key
	// Better is "lower", "higher" or, where neither side says, "".
	Better   string
	Old, New Summary
	// Ratio is NEW ÷ OLD, the Hodges-Lehmann estimate on logarithms, with its
	// exact interval Lo to Hi at 95 %: 1.05 says that NEW's values are 5 % above
	// OLD's. With too few values Lo is 0 and Hi infinite.
	Ratio, Lo, Hi float64
	// Pairs is the number of rounds that were compared as pairs, 0 where the
	// samples were taken without rounds.
	Pairs int
	// Judged tells that the change belongs to the family and has a Kind. The rest
	// is set for judged changes alone.
	Judged bool
	// Kind is the outcome. Inconclusive and Equivalent are as in a Verdict.
	Kind VerdictKind
	// P is the exact p-value, of the signed-rank test for pairs and of Mann and
	// Whitney's without, HolmP the same after Holm's correction in the family.
	P, HolmP float64
	// Detectable is the smallest relative difference that these samples could
	// have shown, set where Kind is Inconclusive; it may be infinite.
	Detectable float64
	// OldFindings and NewFindings say what the medians do not.
	OldFindings, NewFindings []Finding
}

// Shift is the relative change of the value: 0.05 where NEW is 5 % above OLD.
func (c Change) Shift() float64 { return c.Ratio - 1 }

// newChange compares two series, whose values are above 0, all but what depends
// on the family.
func newChange(key Key, better string, before, after *series) (*Change, comparison) {
	c := &Change{Key: key, Better: better, Old: Summarize(before.values), New: Summarize(after.values)}
	var made comparison
	if pairs := pairRounds(before, after); len(pairs) > 0 {
		c.Pairs = len(pairs)
		made = compare("NEW", "OLD", pairs)
	} else {
		made = compareUnpaired("NEW", "OLD", before.values, after.values)
	}
	c.Ratio, c.Lo, c.Hi = 1/made.Speedup, 1/made.Hi, 1/made.Lo
	return c, made
}

// pairRounds pairs the values of two series by round. It gives none where they do
// not have the same rounds, each once, because to leave values out would lose
// more than pairing gains, and none where the pairs are too few for an interval.
func pairRounds(before, after *series) (pairs []pair) {
	if len(before.values) != len(after.values) || len(before.values) < leastPairs {
		return nil
	}
	byRound := make(map[int]float64, len(before.rounds))
	for i, round := range before.rounds {
		byRound[round] = before.values[i]
	}
	if _, unknown := byRound[-1]; unknown || len(byRound) < len(before.rounds) {
		return nil
	}
	for i, round := range after.rounds {
		base, both := byRound[round]
		if !both {
			return nil
		}
		delete(byRound, round) // a second one finds none
		pairs = append(pairs, pair{base, after.values[i]})
	}
	return pairs
}

// decide fills in what the family has decided. Before and after are looked over
// for what the test cannot know.
func (c *Change) decide(v comparison, family int, before, after *series) {
	v.decide(family)
	c.Judged, c.P, c.HolmP, c.Detectable = true, v.P, v.HolmP, v.Detectable
	c.OldFindings, c.NewFindings = Findings(before.values), Findings(after.values)
	kind := v.Kind
	if drift := max(driftSize(before, c.OldFindings), driftSize(after, c.NewFindings)); c.Pairs == 0 && drift > 0 && c.hidden(kind, drift) {
		kind = Inconclusive
		c.Detectable = max(v.detectable(family), drift)
	}
	c.Kind = c.word(kind)
}

// driftSize is how much a series drifts, 0 where that is no finding.
func driftSize(s *series, findings []Finding) float64 {
	for _, f := range findings {
		if f.Code == WarnDrift {
			return math.Abs(driftOf(s.values).Shift)
		}
	}
	return 0
}

// hidden tells that an unpaired verdict could be the work of drift: where a
// series moved by that much while it was measured, it may have moved by that much
// between the two, too.
func (c *Change) hidden(kind VerdictKind, drift float64) bool {
	limit := (1 + Margin) * (1 + drift)
	switch kind {
	case Faster:
		return c.Hi > 1/limit
	case Slower:
		return c.Lo < limit
	}
	return true
}

// word says a kind in the words of the unit. A verdict speaks of times: faster is
// what takes less.
func (c *Change) word(kind VerdictKind) VerdictKind {
	if kind != Faster && kind != Slower {
		return kind
	}
	up := kind == Slower
	switch {
	case c.Better == "" && up:
		return Higher
	case c.Better == "":
		return Lower
	}
	good := up == (c.Better == "higher")
	switch speed := isSpeed(c.Unit); {
	case speed && good:
		return Faster
	case speed:
		return Slower
	case good:
		return Better
	}
	return Worse
}

// isSpeed tells units of which one says faster: time per op and rates.
func isSpeed(unit string) bool {
	return unit == "sec/op" || unit == "sec" || strings.HasSuffix(unit, "/s") || strings.HasSuffix(unit, "/sec")
}
