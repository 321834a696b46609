package harness

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"time"

	"juggle/internal/nearest"
	"juggle/models"
	"juggle/results"
	"juggle/workloads"
)

type workload = workloads.Workload

// Options say what to measure. The zero value with a Table is a plan for the
// quick tier of everything under the four models.
type Options struct {
	// Table holds the workloads there are.
	Table []workloads.Workload
	// Workloads are the names of those to run; none stands for all.
	Workloads []string
	// Models are names of models or variants; none stands for the four.
	Models []string
	// Variants adds the auxiliary models.
	Variants bool
	// Tier picks the rows; "" stands for quick.
	Tier workloads.Tier
	// Params replaces the values of parameters in every row that has them.
	Params map[string]string
	// Rounds is how often each cell is sampled. 0 stands for as often as its row
	// needs for ratios that are known well (see results.Stopping), and at least for
	// the fewest rounds that can show a difference (see results.MinRounds).
	Rounds int
	// Budget bounds all rounds together; 0 stands for the tier's own.
	Budget time.Duration
	// Seed decides the order; 0 stands for a fresh random one.
	Seed uint64
}

// A SelectionError says that options name something that does not exist or
// cannot be. Nothing has been written or started.
type SelectionError struct{ Err error }

func (e *SelectionError) Error() string { return e.Err.Error() }
func (e *SelectionError) Unwrap() error { return e.Err }

// limits bound what a tier may take: a sample with its start-up and warm-up,
// and all rounds together. The quick tier is a first look, built, measured and
// drawn within 90 seconds; where it is too coarse, its report says so.
var limits = map[workloads.Tier]struct{ sample, budget time.Duration }{
	workloads.Quick:    {time.Minute, 50 * time.Second},
	workloads.Standard: {5 * time.Minute, time.Hour},
	workloads.Full:     {30 * time.Minute, 8 * time.Hour},
}

// maxRounds bounds a plan, as results does when it reads one.
const maxRounds = 10_000

// NewPlan makes the plan that options ask for, on this machine and with this
// program. The error is a *SelectionError where the options are at fault.
func NewPlan(o Options) (*results.Plan, error) {
	if o.Tier == "" {
		o.Tier = workloads.Quick
	}
	bounds, known := limits[o.Tier]
	if !known {
		return nil, selection("no tier is called %q; there are %s", o.Tier, nearest.List(string(o.Tier), tierNames()))
	}
	chosen, err := o.models()
	if err != nil {
		return nil, err
	}
	rows, err := o.rows(chosen)
	if err != nil {
		return nil, err
	}
	rows, err = addControls(rows, chosen)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	plan := &results.Plan{
		Schema: results.Schema, Started: began.UTC(), Tier: string(o.Tier),
		RunID: began.UTC().Format("20060102-150405.000"), Seed: o.Seed, Rounds: o.Rounds,
		BudgetSeconds: bounds.budget.Seconds(), DeadlineSeconds: bounds.sample.Seconds(),
		BaseModel: chosen[0].Name(), Rows: rows,
	}
	if o.Budget > 0 {
		plan.BudgetSeconds = o.Budget.Seconds()
	}
	if plan.Seed == 0 {
		plan.Seed = rand.Uint64()
	}
	if plan.Rounds == 0 {
		plan.Rounds, plan.MinRounds = maxRounds, results.MinRounds(family(rows))
	}
	if plan.Rounds < 0 || plan.Rounds > maxRounds {
		return nil, selection("the number of rounds is 1 to %d, not %d", maxRounds, o.Rounds)
	}
	plan.Host = readHost()
	plan.Host.BusyCPUs = readBusy()
	plan.Build, err = readBuild()
	return plan, err
}

func selection(format string, args ...any) *SelectionError {
	return &SelectionError{fmt.Errorf(format, args...)}
}

func tierNames() []string {
	var names []string
	for _, t := range workloads.Tiers() {
		names = append(names, string(t))
	}
	return names
}

// family counts the comparisons of a plan.
func family(rows []results.Row) int {
	n := 0
	for _, row := range rows {
		for _, c := range row.Cells {
			if c.Against != "" && c.Role != results.RoleControl && c.Inexpressible == "" {
				n++
			}
		}
	}
	return n
}

// models returns the chosen models, what the others are compared with first.
func (o Options) models() ([]models.Model, error) {
	chosen := models.All()
	if len(o.Models) > 0 {
		chosen = nil
		for _, name := range o.Models {
			m, err := FindModel(name)
			if err != nil {
				return nil, &SelectionError{err}
			}
			chosen = append(chosen, m)
		}
	}
	if o.Variants {
		chosen = append(chosen, models.Variants()...)
	}
	var unique []models.Model
	for _, m := range chosen {
		if !slices.ContainsFunc(unique, func(u models.Model) bool { return u.Name() == m.Name() }) {
			unique = append(unique, m)
		}
	}
	slices.SortStableFunc(unique, func(a, b models.Model) int {
		return isBase(b) - isBase(a)
	})
	return unique, nil
}

// isBase is 1 for the model that the others are compared with if it is chosen.
func isBase(m models.Model) int {
	if m.Name() == models.All()[0].Name() {
		return 1
	}
	return 0
}

// chosenWorkloads returns the workloads that the options name, in the table's
// order.
func (o Options) chosenWorkloads() ([]workload, error) {
	for _, name := range o.Workloads {
		if _, err := workloads.Find(o.Table, name); err != nil {
			return nil, &SelectionError{err}
		}
	}
	var chosen []workload
	for _, w := range o.Table {
		if len(o.Workloads) == 0 || slices.Contains(o.Workloads, w.Name) {
			chosen = append(chosen, w)
		}
	}
	for name := range o.Params {
		var valid []string
		for _, w := range chosen {
			valid = append(valid, w.ParamNames()...)
		}
		if !slices.Contains(valid, name) {
			slices.Sort(valid)
			return nil, selection("no chosen workload has a parameter %q; they have %s",
				name, nearest.List(name, slices.Compact(valid)))
		}
	}
	return chosen, nil
}

// rows makes the rows of the plan.
func (o Options) rows(chosen []models.Model) ([]results.Row, error) {
	selected, err := o.chosenWorkloads()
	if err != nil {
		return nil, err
	}
	var rows []results.Row
	for _, w := range selected {
		all, err := w.RowsOf(o.Tier, o.Params)
		if err != nil {
			return nil, &SelectionError{err}
		}
		for _, v := range all {
			row, err := newRow(w, v, chosen)
			if err != nil {
				return nil, err
			}
			rows = append(rows, row)
		}
	}
	return rows, nil
}

// newRow makes a row of the plan from a workload with its values.
func newRow(w workload, v workloads.Values, chosen []models.Model) (results.Row, error) {
	in, err := w.New(v, "")
	if err != nil {
		return results.Row{}, &SelectionError{fmt.Errorf("%s (%s): %w", w.Name, v, err)}
	}
	if err := preflight(w.Name, v, in); err != nil {
		return results.Row{}, err
	}
	row := results.Row{
		Workload: w.Name, Params: v.String(), Group: string(w.Group), Isolates: w.Isolates, Tasks: in.Tasks,
	}
	base := chosen[0].Name()
	for _, m := range chosen {
		c := results.PlannedCell{
			Model: m.Name(), Role: roleOf(m), Predicted: predict(in, m.Name()),
			Inexpressible: in.Inexpressible[m.Name()],
		}
		if m.Name() != base {
			c.Against = base
		}
		row.Cells = append(row.Cells, c)
	}
	for _, m := range chosen {
		if in.Twins[m.Name()] != nil {
			row.Cells = append(row.Cells, results.PlannedCell{
				Model: m.Name() + twinSuffix, Role: results.RoleTwin, Runs: m.Name(), Against: m.Name(),
			})
		}
	}
	return row, nil
}

// A native twin is called after the model it is a control for.
const twinSuffix = "-native"

func roleOf(m models.Model) string {
	if slices.ContainsFunc(models.All(), func(a models.Model) bool { return a.Name() == m.Name() }) {
		return results.RoleModel
	}
	return results.RoleVariant
}

// predict puts the law of an instance into the plan.
func predict(in *workloads.Instance, model string) *results.Law {
	p, known := in.Law.Predict(model, in.Tasks, in.Limit, workloads.Machine{
		Cores: runtime.GOMAXPROCS(0), Workers: models.Parallelism(),
	})
	if !known {
		return nil
	}
	return &results.Law{Formula: p.Formula, WaitSeconds: p.Wait.Seconds(), ComputeShare: p.Share}
}

// Timelines returns the cells whose timelines a run records: the small run of
// each workload of the plan, under each model of the plan that is no twin.
func Timelines(o Options, plan *results.Plan) ([]results.Cell, error) {
	var cells []results.Cell
	seen := make(map[string]bool)
	for _, row := range plan.Rows {
		w, err := findWorkload(o.Table, row.Workload)
		if err != nil {
			return nil, err
		}
		if seen[w.Name] || w.Timeline == "-" {
			continue
		}
		seen[w.Name] = true
		v, err := w.Parse(w.Timeline)
		if err != nil {
			return nil, err
		}
		for _, c := range row.Cells {
			if (c.Role == results.RoleModel || c.Role == results.RoleVariant) && c.Inexpressible == "" {
				cells = append(cells, results.Cell{Workload: w.Name, Params: v.String(), Model: c.Model})
			}
		}
	}
	return cells, nil
}
