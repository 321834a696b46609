package results

import (
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
)

// mergeable reports why runs cannot be merged.
func mergeable(runs []*Run, o MergeOptions) error {
	if len(runs) < 2 {
		return errors.New("merging takes two runs or more")
	}
	seen := make(map[string]string)
	for _, run := range runs {
		for _, id := range sources(&run.Plan) {
			if before, twice := seen[id]; twice {
				return fmt.Errorf("the run %s is in %s and in %s: its samples would count twice", Inert(id), before, run.Dir)
			}
			seen[id] = run.Dir
		}
	}
	first := runs[0]
	for _, run := range runs {
		if what := otherPlan(&first.Plan, &run.Plan); what != "" {
			return fmt.Errorf("%s and %s are not of the same plan: %s", first.Dir, run.Dir, what)
		}
		if p, found := run.alteredPlan(); found {
			return p
		}
		if o.Force {
			continue
		}
		if p, found := run.damage(); found {
			return fmt.Errorf("%w; -force merges what is good", p)
		}
		if unlike := unlike(&first.Plan, &run.Plan); len(unlike) > 0 {
			return fmt.Errorf("%s and %s do not compare: %s; -force merges them nevertheless", first.Dir, run.Dir, unlike[0])
		}
	}
	return nil
}

// otherPlan names the first difference between two plans that have to be the
// same, "" if there is none.
func otherPlan(a, b *Plan) string {
	switch {
	case a.Schema != b.Schema:
		return fmt.Sprintf("the schema is %d and %d", a.Schema, b.Schema)
	case a.Tier != b.Tier:
		return fmt.Sprintf("the tier is %q and %q", a.Tier, b.Tier)
	case a.BaseModel != b.BaseModel:
		return fmt.Sprintf("the base model is %q and %q", a.BaseModel, b.BaseModel)
	case len(a.Rows) != len(b.Rows):
		return fmt.Sprintf("they have %d and %d rows", len(a.Rows), len(b.Rows))
	}
	for i := range a.Rows {
		if what := otherRow(a.Rows[i], b.Rows[i]); what != "" {
			return fmt.Sprintf("in row %d %s", i+1, what)
		}
	}
	return ""
}

func otherRow(a, b Row) string {
	name := fmt.Sprintf("%q (%q)", a.Workload, a.Params)
	switch {
	case a.Workload != b.Workload || a.Params != b.Params:
		return fmt.Sprintf("stands %s and %q (%q)", name, b.Workload, b.Params)
	case len(a.Cells) != len(b.Cells):
		return fmt.Sprintf("%s has %d and %d cells", name, len(a.Cells), len(b.Cells))
	case a.Tasks != b.Tasks:
		return fmt.Sprintf("%s has %d and %d tasks", name, a.Tasks, b.Tasks)
	case a.Group != b.Group || a.Isolates != b.Isolates:
		return fmt.Sprintf("%s is %q to show %q, and %q to show %q", name, a.Group, a.Isolates, b.Group, b.Isolates)
	}
	for i, c := range a.Cells {
		other := b.Cells[i]
		switch {
		case c.Model != other.Model:
			return fmt.Sprintf("%s has the model %q and %q in the same place", name, c.Model, other.Model)
		case !reflect.DeepEqual(c.Predicted, other.Predicted):
			return fmt.Sprintf("%s has other laws for %q, as on machines with other numbers of CPUs", name, c.Model)
		case !reflect.DeepEqual(c, other):
			return fmt.Sprintf("%s has the model %q in another role", name, c.Model)
		}
	}
	return ""
}

// unlike says what differs between the machines and builds of two plans, of that
// which a run that is resumed must have the same.
func unlike(a, b *Plan) (found []string) {
	if x, y := a.Build, b.Build; x.BinarySHA256 != y.BinarySHA256 {
		found = append(found, fmt.Sprintf("the build is %.12q with %q and %.12q with %q", x.BinarySHA256, x.GoVersion, y.BinarySHA256, y.GoVersion))
	}
	found = append(found, Alike(a.Host, b.Host)...)
	return found
}

// damage returns the first problem of a run that is more than a torn end. Lines
// at the end that cannot be used are what a crash leaves; one before a good line
// is not.
func (run *Run) damage() (Problem, bool) {
	for _, p := range run.Problems {
		if p.Line <= run.goodLine {
			return p, true
		}
	}
	return Problem{}, false
}

// alteredPlan returns the problem that the plan is not the one that was measured.
func (run *Run) alteredPlan() (Problem, bool) {
	i := slices.IndexFunc(run.Problems, func(p Problem) bool { return filepath.Base(p.File) == planFile })
	if i < 0 {
		return Problem{}, false
	}
	return run.Problems[i], true
}

// doubts are the sentences to be said of a run that is merged to the first.
func doubts(first, run *Run) (all []string) {
	id := Inert(run.Plan.RunID)
	all = append(all, run.Plan.MergeDoubts...)
	for _, what := range unlike(&first.Plan, &run.Plan) {
		all = append(all, fmt.Sprintf("the runs %s and %s do not compare, and were merged by -force: %s", Inert(first.Plan.RunID), id, what))
	}
	if n := len(run.Problems) + run.MoreProblems; n > 0 {
		all = append(all, fmt.Sprintf("%s of the run %s could not be used: what was in them is missing here", plural(n, "line", "lines"), id))
	}
	for _, w := range warnResumed(run) {
		all = append(all, fmt.Sprintf("of the run %s: %s", id, w.Text))
	}
	if run.Ended == nil {
		all = append(all, fmt.Sprintf("the run %s was interrupted after %s: resume it and merge again to have the others", id, plural(len(run.Samples), "sample", "samples")))
	}
	return all
}

// mergeWarnings says what is doubtful in a merged run.
func mergeWarnings(a *Analysis) (all []Warning) {
	for _, text := range a.Plan.MergeDoubts {
		all = append(all, Warning{Cell{}, WarnMerged, Inert(text)})
	}
	return all
}

// checkMerged reports what no merged plan says.
func (p *Plan) checkMerged() error {
	if len(p.MergedFrom) > maxMerged || len(p.MergeDoubts) > maxMerged {
		return fmt.Errorf("the plan was merged from more than %d runs, or has as many doubts", maxMerged)
	}
	return checkTexts(append(slices.Clone(p.MergedFrom), p.MergeDoubts...)...)
}
