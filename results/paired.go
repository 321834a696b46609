package results

import "fmt"

// A PairedSeries is one measure of two things, taken of both in every round.
type PairedSeries struct {
	// Model and Against name the two in sentences.
	Model, Against string
	// Values and AgainstValues hold one positive number per round, at least one.
	// Equal places belong to one round.
	Values, AgainstValues []float64
}

// JudgePairs judges a family of paired comparisons as [Analyze] judges those of
// a run: Holm's correction covers all of them, and the verdicts stand in the
// order of the family. It costs some milliseconds for each thousand rounds of a
// series. It panics where the two halves of a series have not the same length
// or none, because then it is not known what belongs together.
func JudgePairs(series []PairedSeries) []Verdict {
	family := make([]comparison, len(series))
	for i, s := range series {
		family[i] = compare(s.Model, s.Against, s.pairs())
	}
	decideAll(family)
	verdicts := make([]Verdict, len(family))
	for i, v := range family {
		verdicts[i] = *v.Verdict
	}
	return verdicts
}

// pairs are the rounds of a series.
func (s PairedSeries) pairs() []pair {
	if len(s.Values) != len(s.AgainstValues) || len(s.Values) == 0 {
		panic(fmt.Sprintf("results: a paired series with %d and %d values", len(s.Values), len(s.AgainstValues)))
	}
	pairs := make([]pair, len(s.Values))
	for i := range pairs {
		pairs[i] = pair{base: s.AgainstValues[i], model: s.Values[i]}
	}
	return pairs
}
