package results

import "slices"

// Analyze judges a run.
func Analyze(run *Run) *Analysis {
	a := &Analysis{Plan: run.Plan, Samples: run.Samples, Timelines: run.Timelines, Conditions: run.Conditions}
	cells := byCell(run.Samples)
	var family []comparison
	for _, row := range run.Plan.Rows {
		ra := RowAnalysis{Row: row}
		for _, planned := range row.Cells {
			ra.Cells = append(ra.Cells, analyzeCell(planned, cells[Cell{row.Workload, row.Params, planned.Model}]))
		}
		predictRow(&ra, run.Plan.BaseModel)
		compared := compareRow(&ra)
		a.control(&ra, compared)
		if !row.IsControl() {
			family = append(family, ofModels(&ra, compared)...)
			a.Rows = append(a.Rows, ra)
		}
	}
	a.Family = len(family)
	a.widen(family)
	decideAll(family)
	a.checkOverhead()
	a.sampling(run)
	a.Warnings = append(warnResumed(run), warnings(a, run.Problems, run.MoreProblems)...)
	return a
}

// byCell sorts samples by their cells, those of a cell in the order they have.
// It points to them, because a run of 100,000 is 15 MB.
func byCell(samples []Sample) map[Cell][]*Sample {
	cells := make(map[Cell][]*Sample)
	for i := range samples {
		cells[samples[i].Cell] = append(cells[samples[i].Cell], &samples[i])
	}
	return cells
}

// analyzeCell sorts and summarises the samples of a cell.
func analyzeCell(planned PlannedCell, samples []*Sample) CellAnalysis {
	c := CellAnalysis{PlannedCell: planned, Costs: make(map[string]Summary)}
	c.Good = slices.Grow(c.Good, len(samples))
	values := make(map[string][]float64)
	for _, s := range samples {
		if s.Failure != nil {
			c.Failed = append(c.Failed, *s)
			continue
		}
		c.Good = append(c.Good, *s)
		for unit, v := range s.Costs {
			values[unit] = append(values[unit], v)
		}
	}
	for unit, vs := range values {
		c.Costs[unit] = Summarize(vs)
	}
	c.Findings = Findings(values[Wall])
	return c
}

// cell returns the cell of a model, nil if the row has none.
func (r *RowAnalysis) cell(model string) *CellAnalysis {
	for i := range r.Cells {
		if r.Cells[i].Model == model {
			return &r.Cells[i]
		}
	}
	return nil
}

// predictRow fills in what the laws say, with the CPU time that the base model
// needed as the computing that the tasks do. Where that was not measured, a law
// that needs it predicts nothing.
func predictRow(r *RowAnalysis, baseModel string) {
	var user, system Summary
	if base := r.cell(baseModel); base != nil {
		user, system = base.Costs[UserCPU], base.Costs[SystemCPU]
	}
	for i := range r.Cells {
		law := r.Cells[i].Predicted
		if law == nil || law.ComputeShare > 0 && (user.N == 0 || system.N == 0) {
			continue
		}
		r.Cells[i].PredictedNS = law.WaitSeconds*1e9 + law.ComputeShare*(user.Median+system.Median)
	}
}

// compareRow gives a verdict, yet undecided, to every cell that has one to be
// compared with, and returns what decides them.
func compareRow(r *RowAnalysis) (compared []comparison) {
	for i := range r.Cells {
		c := &r.Cells[i]
		if c.Against == "" {
			continue
		}
		base := r.cell(c.Against)
		if base == nil {
			continue
		}
		if pairs := pairUp(base.Good, c.Good); len(pairs) > 0 {
			made := compare(c.Model, c.Against, pairs)
			c.Verdict = made.Verdict
			compared = append(compared, made)
		}
	}
	return compared
}

// pairUp pairs the wall times of two cells by round.
func pairUp(base, model []Sample) (pairs []pair) {
	byRound := make(map[int]float64, len(base))
	for _, s := range base {
		byRound[s.Round] = s.Costs[Wall]
	}
	for _, s := range model {
		if b, both := byRound[s.Round]; both {
			pairs = append(pairs, pair{b, s.Costs[Wall]})
		}
	}
	return pairs
}
