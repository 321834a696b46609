package cli

import (
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/term"

	"juggle/harness"
	"juggle/results"
)

// progress tells how far a run is: on a terminal in one line that changes,
// elsewhere in a line per round. It writes only when the harness calls it, which
// is between samples: a goroutine that draws would take a processor from what is
// measured.
type progress struct {
	out     io.Writer
	columns int // of the terminal; 0 where there is none
	clock   func() time.Time

	plan                    *results.Plan
	finished, failed, round int
	began, stepBegan        time.Time
	rows                    map[int]bool                   // seen in this round
	took                    map[results.Cell]time.Duration // the last time
}

func newProgress(out io.Writer) *progress {
	return &progress{out: out, columns: terminalColumns(out), clock: time.Now}
}

// terminalColumns is the width of the terminal behind out, and 0 if there is
// none.
func terminalColumns(out io.Writer) int {
	file, ok := out.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return 0
	}
	columns, _, err := term.GetSize(int(file.Fd()))
	if err != nil || columns <= 0 {
		return 80
	}
	return columns
}

func (p *progress) Begin(plan *results.Plan, done int) {
	p.plan, p.finished = plan, done
	p.began = p.clock()
	p.took = make(map[results.Cell]time.Duration)
	p.rows = make(map[int]bool)
	if done > 0 {
		fmt.Fprintf(p.out, "%s before\n", were(done))
	}
}

func were(samples int) string {
	if samples == 1 {
		return "1 sample was taken"
	}
	return fmt.Sprintf("%d samples were taken", samples)
}

func (p *progress) Before(s harness.Step) {
	if s.Round != p.round {
		p.roundOver()
		p.round = s.Round
		clear(p.rows)
	}
	p.rows[s.Row] = true
	p.stepBegan = p.clock()
	if p.columns > 0 {
		p.draw(fmt.Sprintf("round %d, sample %d: %s%s", s.Round+1, p.finished+1, s, p.left(s.Round)))
	}
}

// draw replaces the line on the terminal.
func (p *progress) draw(line string) {
	if runes := []rune(line); len(runes) >= p.columns {
		line = string(runes[:p.columns-1])
	}
	fmt.Fprintf(p.out, "\r\x1b[K%s", line)
}

func (p *progress) After(s harness.Step, sample results.Sample) error {
	p.finished++
	p.took[s.Cell] = p.clock().Sub(p.stepBegan)
	if f := sample.Failure; f != nil {
		p.failed++
		p.line(fmt.Sprintf("%s failed: %s: %s", s, f.Kind, results.Inert(firstLine(f.Message))))
	}
	return nil
}

// roundOver tells of a round, where no line changes. The first one also tells, on
// a terminal too, how long the run will take.
func (p *progress) roundOver() {
	if len(p.rows) == 0 {
		return
	}
	text := fmt.Sprintf("round %d: %s", p.round+1, count(p.finished, "sample", "samples"))
	if enough := len(p.plan.Rows) - len(p.rows); enough > 0 {
		text += fmt.Sprintf(", %d of %d rows have enough", enough, len(p.plan.Rows))
	}
	if p.columns == 0 || p.round == 0 {
		p.line(text + p.left(p.round+1))
	}
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// line prints a whole line, over the changing one on a terminal.
func (p *progress) line(text string) {
	if p.columns > 0 {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
	fmt.Fprintln(p.out, text)
}

// left tells how long the rounds from this one on will take: until the budget
// ends them, and where it is sooner the most that there can be, by what each cell
// took last; and at least the rounds that every row has.
func (p *progress) left(round int) string {
	var perRound time.Duration
	for _, took := range p.took {
		perRound += took
	}
	budget := max(0, seconds(p.plan.BudgetSeconds)-p.clock().Sub(p.began))
	if round == 0 || perRound == 0 {
		return ""
	}
	most := perRound * time.Duration(p.plan.Rounds-round)
	if p.plan.MinRounds == 0 {
		if most == 0 {
			return ""
		}
		return fmt.Sprintf(", about %v left", min(most, budget).Round(time.Second))
	}
	least := perRound * time.Duration(max(0, p.plan.MinRounds-round))
	if most = min(most, budget); least == 0 || least > most {
		return fmt.Sprintf(", at most %v left", most.Round(time.Second))
	}
	return fmt.Sprintf(", %v to %v left", least.Round(time.Second), most.Round(time.Second))
}

func (p *progress) End(e harness.Ending) {
	if p.columns == 0 && e.Err == nil {
		p.roundOver()
	}
	gone := p.clock().Sub(p.began).Round(100 * time.Millisecond)
	text := fmt.Sprintf("%s in %s, %v", count(p.finished, "sample", "samples"), count(e.Rounds, "round", "rounds"), gone)
	if p.failed > 0 {
		text += fmt.Sprintf(", %d of them failed", p.failed)
	}
	if e.Err == nil {
		text += ": " + whyEnded(p.plan, e)
	}
	p.line(text)
}

// whyEnded says what ended the rounds.
func whyEnded(plan *results.Plan, e harness.Ending) string {
	switch {
	case e.OverBudget:
		return fmt.Sprintf("the budget of %v was used up", seconds(plan.BudgetSeconds))
	case plan.MinRounds > 0:
		return "every ratio is known well, or more rounds would not make it known better"
	}
	return "that was the plan"
}
