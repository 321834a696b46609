package results

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// WarnMerged is the code of the warnings that say what is doubtful in a merged
// run.
const WarnMerged = "merged"

// maxMerged bounds the runs and the doubts of a merged run.
const maxMerged = 1000

// MergeOptions say what Merge takes. The zero value takes only what compares.
type MergeOptions struct {
	// Force also takes runs from unlike machines or builds, and runs with damage
	// that is no torn end. The merged run says so in a warning.
	Force bool
}

// Merge makes one run of several of the same plan, in the folder out, which must
// not hold anything. The runs must have the same schema, tier, base model and
// rows; an error names what differs. The merged plan has the seed, start, build
// and machine of the first run, and no rule that ends its rows.
//
// The rounds of a run follow those of the one before it, and its seq too, so
// that pairs stay pairs and the order stays that of execution if the runs are
// given in theirs. Of each timeline the first is kept. The merged run has come to
// its end if all of the runs have.
//
// Lines that a run has lost are in the problems of that run; Plan.MergeDoubts of
// the result counts them. When ctx ends, and on any error, what was written is
// removed. It costs one sync of the disk, not one per sample.
func Merge(ctx context.Context, out string, o MergeOptions, runs ...*Run) (*Run, error) {
	merged, err := join(runs, o)
	if err != nil {
		return nil, err
	}
	made := missingFolders(out)
	folder, err := Create(out, merged.Plan)
	if err != nil {
		return nil, errors.Join(err, removeEmpty(made))
	}
	err = errors.Join(folder.fill(ctx, merged), folder.Close())
	if err != nil {
		return nil, errors.Join(err, os.Remove(filepath.Join(out, planFile)), os.Remove(filepath.Join(out, journalFile)), removeEmpty(made))
	}
	merged.Dir = out
	return merged, nil
}

// join is Merge in memory.
func join(runs []*Run, o MergeOptions) (*Run, error) {
	if err := mergeable(runs, o); err != nil {
		return nil, err
	}
	merged := &Run{Plan: runs[0].Plan, Ended: &End{}}
	p := &merged.Plan
	p.MergedFrom, p.MergeDoubts, p.MinRounds, p.Rounds, p.BudgetSeconds = nil, nil, 0, 0, 0
	seq := 0
	for _, run := range runs {
		p.MergedFrom = append(p.MergedFrom, sources(&run.Plan)...)
		p.MergeDoubts = append(p.MergeDoubts, doubts(runs[0], run)...)
		p.BudgetSeconds += run.Plan.BudgetSeconds
		p.DeadlineSeconds = max(p.DeadlineSeconds, run.Plan.DeadlineSeconds)
		rounds, seqs := extent(run)
		for _, s := range run.Samples {
			s.Round, s.Seq = s.Round+p.Rounds, s.Seq+seq
			merged.Samples = append(merged.Samples, s)
		}
		for _, c := range run.Conditions {
			c.Round += p.Rounds
			merged.Conditions = append(merged.Conditions, c)
		}
		for _, t := range run.Timelines {
			if !slices.ContainsFunc(merged.Timelines, func(k Timeline) bool { return k.Cell == t.Cell }) {
				merged.Timelines = append(merged.Timelines, t)
			}
		}
		merged.joinEnd(run.Ended)
		p.Rounds, seq = p.Rounds+rounds, seq+seqs
	}
	p.RunID = "merged-" + checksum([]byte(strings.Join(p.MergedFrom, "\n")))
	if len(merged.Samples) == 0 {
		return nil, errors.New("the runs hold no sample, so there is nothing to merge")
	}
	return merged, nil
}

// joinEnd takes the end of one more run into account.
func (run *Run) joinEnd(e *End) {
	if e == nil || run.Ended == nil {
		run.Ended = nil
		return
	}
	run.Ended.OverBudget = run.Ended.OverBudget || e.OverBudget
	if e.Time.After(run.Ended.Time) {
		run.Ended.Time = e.Time
	}
}

// extent returns how many rounds and seqs a run takes up.
func extent(run *Run) (rounds, seqs int) {
	for i := range run.Samples {
		rounds, seqs = max(rounds, run.Samples[i].Round+1), max(seqs, run.Samples[i].Seq+1)
	}
	for _, c := range run.Conditions {
		rounds = max(rounds, c.Round+1)
	}
	return rounds, seqs
}

// sources are the ids of the runs whose samples a run holds.
func sources(p *Plan) []string {
	if len(p.MergedFrom) > 0 {
		return p.MergedFrom
	}
	return []string{p.RunID}
}

// fill writes a whole run to its journal. Nothing but the last sync makes it
// last, as there is nothing to lose before: the runs are still there.
func (f *Folder) fill(ctx context.Context, run *Run) error {
	var err error
	put := func(kind string, record any) {
		if err == nil && ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		var text []byte
		if err == nil {
			text, err = encodeLine(kind, record)
		}
		if err == nil {
			_, err = f.journal.Write(text)
			f.size += int64(len(text))
		}
	}
	for _, s := range run.Samples {
		if refused := f.seen.check(s); refused != nil {
			return fmt.Errorf("a sample that the merged run cannot keep: %w", refused)
		}
		f.seen.add(s)
		put(kindSample, s)
	}
	for _, c := range run.Conditions {
		put(kindRound, c)
	}
	if run.Ended != nil {
		put(kindEnd, run.Ended)
	}
	for _, t := range run.Timelines {
		put(kindTimeline, t)
	}
	return errors.Join(err, f.journal.Sync())
}

// missingFolders lists the folders that making one will make, the innermost
// first.
func missingFolders(dir string) (missing []string) {
	for dir = filepath.Clean(dir); ; dir = filepath.Dir(dir) {
		if _, err := os.Lstat(dir); err == nil || filepath.Dir(dir) == dir {
			return missing
		}
		missing = append(missing, dir)
	}
}

// removeEmpty removes folders that were made and stay empty. One that was never
// made, or that somebody else uses by now, is left alone.
func removeEmpty(dirs []string) error {
	for _, dir := range dirs {
		if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
			continue
		}
		if err := os.Remove(dir); err != nil {
			return err
		}
	}
	return nil
}
