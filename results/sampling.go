package results

// sampling fills in how many rounds every row has and why it has no more. What
// the journal has lost is missing in a row's rounds, and is no reason to judge
// those after it otherwise.
func (a *Analysis) sampling(run *Run) {
	stopping := NewStopping(&run.Plan)
	for i := range run.Samples {
		stopping.Add(&run.Samples[i])
	}
	full, last := fullRounds(run)
	a.RoundsDone = run.Plan.Rounds
	judged := 0
	for i, row := range run.Plan.Rows {
		stopping.Enough(i, last[i]+1)
		stop := stopping.Reason(i)
		if stop == StopNot && run.Ended != nil && run.Ended.OverBudget {
			stop = StopBudget
		}
		if len(run.Plan.MergedFrom) > 0 && run.Ended != nil {
			stop = StopMerged // rows that ended early leave rounds out
		} else if full[i] < last[i]+1 || stop == StopRounds && full[i] < run.Plan.Rounds {
			stop = StopNot
		}
		a.Interrupted = a.Interrupted || stop == StopNot
		a.RoundsDone, a.RoundsMost = min(a.RoundsDone, full[i]), max(a.RoundsMost, full[i])
		if !row.IsControl() {
			a.Rows[judged].Rounds, a.Rows[judged].Stop = full[i], stop
			judged++
		}
	}
}

// fullRounds counts the rounds of each row that have a sample of every cell, and
// finds the last of them, -1 where there is none.
func fullRounds(run *Run) (full, last []int) {
	rows, cells := make(map[Cell]int), make([]int, len(run.Plan.Rows))
	for i, row := range run.Plan.Rows {
		rows[Cell{row.Workload, row.Params, ""}] = i
		for _, c := range row.Cells {
			if c.Inexpressible == "" {
				cells[i]++
			}
		}
	}
	type block struct{ row, round int }
	taken := make(map[block]int)
	for i := range run.Samples {
		s := &run.Samples[i]
		taken[block{rows[Cell{s.Workload, s.Params, ""}], s.Round}]++
	}
	full, last = make([]int, len(cells)), make([]int, len(cells))
	for i := range last {
		last[i] = -1
	}
	for b, n := range taken {
		if n == cells[b.row] {
			full[b.row]++
			last[b.row] = max(last[b.row], b.round)
		}
	}
	return full, last
}
