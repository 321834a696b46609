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

	total, finished, failed, rounds int
	began, stepBegan                time.Time
	took                            map[results.Cell]time.Duration
	cells                           []results.Cell // of a round
	done                            map[results.Cell]int
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

func (p *progress) Begin(plan *results.Plan, total, done int) {
	p.total, p.finished, p.rounds = total, done, plan.Rounds
	p.began = p.clock()
	p.took = make(map[results.Cell]time.Duration)
	p.done = make(map[results.Cell]int)
	for _, s := range harness.Order(plan, 0) {
		p.cells = append(p.cells, s.Cell)
	}
	if done > 0 {
		fmt.Fprintf(p.out, "%d of %d samples were taken before\n", done, total)
	}
}

func (p *progress) Before(s harness.Step) {
	p.stepBegan = p.clock()
	if p.columns == 0 {
		return
	}
	line := fmt.Sprintf("[%d/%d] round %d of %d: %s%s", p.finished+1, p.total, s.Round+1, p.rounds, s, p.left(s.Round))
	p.draw(line)
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
	if p.columns == 0 && s.Place == len(p.cells)-1 {
		p.line(fmt.Sprintf("round %d of %d: %d of %d samples%s", s.Round+1, p.rounds, p.finished, p.total, p.left(s.Round+1)))
	}
	return nil
}

// line prints a whole line, over the changing one on a terminal.
func (p *progress) line(text string) {
	if p.columns > 0 {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
	fmt.Fprintln(p.out, text)
}

// left estimates the time left from what each cell took last, once every cell
// has been seen.
func (p *progress) left(round int) string {
	var perRound time.Duration
	for _, c := range p.cells {
		took, known := p.took[c]
		if !known {
			return ""
		}
		perRound += took
	}
	if p.total == p.finished || len(p.cells) == 0 {
		return ""
	}
	left := perRound * time.Duration(p.total-p.finished) / time.Duration(len(p.cells))
	return fmt.Sprintf(", about %v left", left.Round(time.Second))
}

func (p *progress) End(e harness.Ending) {
	gone := p.clock().Sub(p.began).Round(100 * time.Millisecond)
	text := fmt.Sprintf("%d of %d samples in %v", p.finished, p.total, gone)
	if p.failed > 0 {
		text += fmt.Sprintf(", %d of them failed", p.failed)
	}
	if e.OverBudget {
		text += fmt.Sprintf("; the budget ended the run after round %d of %d", e.Rounds, p.rounds)
	}
	p.line(text)
}
