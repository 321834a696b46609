package results

import (
	"fmt"
	"strings"
	"time"
)

// A Resumption is the record of a journal that says that a run was taken up
// again, when, by which build and on which machine.
type Resumption struct {
	Time  time.Time `json:"time"`
	Build Build     `json:"build"`
	Host  Host      `json:"host"`
	// After is how many samples stand before it in [Run.Samples]. It follows from
	// the place of the record in the journal and is not written.
	After int `json:"-"`
}

// Differences names, as phrases, in what the build and the machine differ from
// those that began the run so that their numbers do not compare. It is nil where
// they do.
func (r Resumption) Differences(plan *Plan) (phrases []string) {
	if was, is := plan.Build, r.Build; was.BinarySHA256 != is.BinarySHA256 {
		phrases = append(phrases, fmt.Sprintf("by another build of this program (%.12s… with %s; it was begun by %.12s… with %s)",
			is.BinarySHA256, is.GoVersion, was.BinarySHA256, was.GoVersion))
	}
	if unlike := Alike(plan.Host, r.Host); len(unlike) > 0 {
		phrases = append(phrases, fmt.Sprintf("on another machine or one set up otherwise (%s: first as it was begun)", strings.Join(unlike, "; ")))
	}
	return phrases
}

// AppendResumed adds that the run was taken up again, as Append adds a sample.
// After is ignored.
func (f *Folder) AppendResumed(r Resumption) error {
	if err := r.check(); err != nil {
		return fmt.Errorf("%s: %w", f.journal.Name(), err)
	}
	return f.append(kindResumed, r)
}

// maxResumptions bounds what a reader keeps of them.
const maxResumptions = 10_000

func (r Resumption) check() error {
	if err := r.Build.check(); err != nil {
		return err
	}
	return r.Host.check()
}

// takeResumed keeps a resumption.
func (j *journal) takeResumed(r Resumption) error {
	if len(j.resumed) >= maxResumptions {
		return fmt.Errorf("the run was resumed over %d times", maxResumptions)
	}
	if err := r.check(); err != nil {
		return err
	}
	r.After = len(j.samples)
	j.resumed = append(j.resumed, r)
	return nil
}

// WarnResumed is the code of the warning that another build or another machine
// took a part of the samples.
const WarnResumed = "resumed-elsewhere"

// maxStretches bounds how many stretches of a run the warning names.
const maxStretches = 3

// warnResumed says which rounds another build or another machine measured.
func warnResumed(run *Run) []Warning {
	var stretches []string
	for i, r := range run.Resumed {
		end := len(run.Samples)
		if i+1 < len(run.Resumed) {
			end = run.Resumed[i+1].After
		}
		if differs := r.Differences(&run.Plan); differs != nil && end > r.After {
			stretches = append(stretches, fmt.Sprintf("%s %s", roundsOf(run, r.After, end), Inert(strings.Join(differs, " and "))))
		}
	}
	if len(stretches) == 0 {
		return nil
	}
	if more := len(stretches) - maxStretches; more > 0 {
		stretches = append(stretches[:maxStretches], plural(more, "more such stretch", "more such stretches"))
	}
	text := "the run was resumed with -force: " + strings.Join(stretches, "; ") +
		". Its medians mix them, and so do the pairs of a round that both measured: trust ratios of models, not times, or begin a new run"
	return []Warning{{Cell{}, WarnResumed, text}}
}

// roundsOf says which rounds the samples from one place up to another are of.
func roundsOf(run *Run, from, to int) string {
	first, last := run.Samples[from].Round+1, run.Samples[to-1].Round+1
	switch {
	case to == len(run.Samples):
		return fmt.Sprintf("from round %d on it was measured", first)
	case first == last:
		return fmt.Sprintf("in round %d it was measured", first)
	}
	return fmt.Sprintf("in rounds %d to %d it was measured", first, last)
}
