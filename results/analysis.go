package results

// An Analysis is everything that a report says of a run, as data.
type Analysis struct {
	Plan Plan
	// Rows are in the plan's order, their cells in the plan's order too.
	Rows []RowAnalysis
	// Samples are all samples in execution order, failed ones included.
	Samples []Sample
	// Timelines are in the order of the journal.
	Timelines []Timeline
	// Conditions are those of the rounds, in the order of the journal.
	Conditions []Conditions
	// RoundsDone and RoundsMost are the fewest and the most full rounds that a row
	// has. Interrupted is set if the run came to no end of its own.
	RoundsDone, RoundsMost int
	Interrupted            bool
	// Controls are in the plan's order. They stand in no row.
	Controls []Control
	// Floor is the largest relative difference that a control leaves possible
	// between a cell and itself; it widens every margin.
	Floor float64
	// Family is the number of comparisons that Holm's correction covers.
	Family int
	// Warnings say what to keep in mind, most important first.
	Warnings []Warning
}

// A RowAnalysis is a row with its cells' results.
type RowAnalysis struct {
	Row   Row
	Cells []CellAnalysis
	// Rounds counts the rounds with a sample of every cell, Stop says why there
	// are no more.
	Rounds int
	Stop   Stop
}

// A CellAnalysis is what is known of one cell.
type CellAnalysis struct {
	PlannedCell
	// Good are the samples with a right answer, in execution order; Failed are
	// the others.
	Good, Failed []Sample
	// Costs summarises each metric that at least one good sample has.
	Costs map[string]Summary
	// Findings are those of the wall times of Good.
	Findings []Finding
	// PredictedNS is what the law predicts for the wall time, 0 without one.
	PredictedNS float64
	// Verdict compares with the Against cell; nil where there is none or no
	// round has both.
	Verdict *Verdict
}

// A Summary describes the values of one metric over the samples of a cell.
type Summary struct {
	N int
	// Median with its interval Lo to Hi at Confidence, from order statistics
	// (benchmath.AssumeNothing). With few samples Lo and Hi are infinite.
	Median, Lo, Hi, Confidence float64
	Min, Q1, Q3, Max           float64
	// MAD is the median absolute deviation.
	MAD float64
	// Outliers counts the values beyond Tukey's fences of 1.5 and 3 times the
	// interquartile range.
	MildOutliers, ExtremeOutliers int
}

// A VerdictKind is one of the four outcomes of a comparison.
type VerdictKind string

const (
	Faster       VerdictKind = "faster"
	Slower       VerdictKind = "slower"
	Equivalent   VerdictKind = "equivalent"
	Inconclusive VerdictKind = "inconclusive"
)

// A Verdict compares the wall times of two cells of a row, paired by round.
type Verdict struct {
	Kind           VerdictKind
	Model, Against string
	// Speedup is time(Against) ÷ time(Model), the Hodges-Lehmann estimate on
	// logarithms, with its exact interval Lo to Hi at 95 %. 2 says that Model
	// needs half the time.
	Speedup, Lo, Hi float64
	// Pairs is the number of rounds with both cells.
	Pairs int
	// P is the exact signed-rank p-value, HolmP the same after Holm's
	// correction within the family.
	P, HolmP float64
	// UnpairedP is the Mann-Whitney p-value of the same samples taken without
	// their rounds (benchmath), a cross-check only. PairedOnly tells that it is
	// withheld, and 0, because the times of Model or Against drift (see Findings):
	// without rounds, drift counts as noise.
	UnpairedP  float64
	PairedOnly bool
	// Margin is the relative difference that does not matter: 0.02 is 2 %.
	Margin float64
	// Detectable is the smallest relative difference that these samples could
	// have shown, 0.04 for 4 %; set where Kind is Inconclusive. It is infinite
	// where there are too few pairs to show any.
	Detectable float64
}

// A Warning is a doubt about a run or a part of it.
type Warning struct {
	// Cell says where; empty fields mean the whole run, row or workload. Where
	// several cells give the same doubt, it is the worst of them.
	Cell Cell
	// Code is a stable word for programs, such as "few-rounds" or "drift".
	Code string
	// Text says what was seen and what to do about it, as one sentence.
	Text string
}
