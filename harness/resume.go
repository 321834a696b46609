package harness

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"juggle/results"
	"juggle/workloads"
)

// ErrElsewhere says that a plan was begun by another build or on another machine.
// A run may be resumed in spite of it, and says so ever after.
var ErrElsewhere = errors.New("its numbers would not compare")

// Resumable reports why this program on this machine cannot go on with a plan,
// and returns what the journal keeps of the attempt. Where the build or the
// machine is another one the error is [ErrElsewhere], unless force is set. Work
// that this program would do otherwise than the plan says is refused with force
// too. It reads the program's own file, which takes some ms.
func Resumable(plan *results.Plan, table []workloads.Workload, force bool) (results.Resumption, error) {
	if len(plan.MergedFrom) > 0 {
		return results.Resumption{}, fmt.Errorf("it was merged from %d runs; resume the one that lacks samples, and merge again", len(plan.MergedFrom))
	}
	build, err := readBuild()
	if err != nil {
		return results.Resumption{}, err
	}
	r := results.Resumption{Time: time.Now().UTC(), Build: build, Host: readHost()}
	if differs := r.Differences(plan); differs != nil && !force {
		return r, fmt.Errorf("it would be continued %s, so %w: resume it as it was begun, or begin a new run, "+
			"or go on with -force, which the report will say", strings.Join(differs, " and "), ErrElsewhere)
	}
	for i := range plan.Rows {
		if err := sameWork(&plan.Rows[i], table); err != nil {
			return r, err
		}
	}
	return r, nil
}

// sameWork reports in what this program's work differs from a row of a plan, or
// what the row needs that this machine does not give.
func sameWork(row *results.Row, table []workloads.Workload) error {
	w, err := findWorkload(table, row.Workload)
	if err != nil {
		return err
	}
	v, err := w.Parse(row.Params)
	if err != nil {
		return err
	}
	if v.String() != row.Params {
		return fmt.Errorf("another plan: %s has the parameters %s here and %s in the plan", w.Name, v, row.Params)
	}
	in, err := w.New(v, "")
	if err != nil {
		return fmt.Errorf("%s (%s): %w", w.Name, v, err)
	}
	if in.Tasks != row.Tasks {
		return fmt.Errorf("another plan: %s (%s) has %d tasks here and %d in the plan", w.Name, v, in.Tasks, row.Tasks)
	}
	for _, c := range row.Cells {
		if c.Inexpressible != "" {
			continue
		}
		if err := runnable(c, in); err != nil {
			return fmt.Errorf("another plan: %s (%s) under %s: %w", w.Name, v, c.Model, err)
		}
	}
	return preflight(w.Name, v, in)
}

// runnable reports why a planned cell cannot run here.
func runnable(c results.PlannedCell, in *workloads.Instance) error {
	name := cmp.Or(c.Runs, c.Model)
	m, err := FindModel(name)
	switch {
	case err != nil:
		return err
	case c.Role == results.RoleTwin && in.Twins[m.Name()] == nil:
		return errors.New("it has no native twin here")
	case c.Role != results.RoleTwin && in.Inexpressible[m.Name()] != "":
		return fmt.Errorf("it cannot run here: %s", in.Inexpressible[m.Name()])
	}
	return nil
}
