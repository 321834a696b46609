package harness

import (
	"slices"

	"juggle/models"
	"juggle/results"
	"juggle/workloads"
)

// Every run controls itself (see results.Control). In the first row of each group
// of workloads the base model has two more cells: one that is the same under
// another name, and one that is slowed down by a known share. A row of its own
// measures a task that does nothing.

// empty is the workload of that row.
var empty = workload{
	Name: "empty", Group: "control", Isolates: "what a sample costs without work", Timeline: "-",
	New: func(workloads.Values, string) (*workloads.Instance, error) {
		return &workloads.Instance{
			Tasks: 1,
			Body:  func(models.Env, int) ([]byte, error) { return nil, nil },
			Check: func([][]byte) error { return nil },
		}, nil
	},
}

// findWorkload finds a workload of the table, or that of the control.
func findWorkload(table []workload, name string) (workload, error) {
	if name == empty.Name {
		return empty, nil
	}
	return workloads.Find(table, name)
}

// slowed is the share that a control is slowed down by: the smallest difference
// that every run should find, with room for the margin and an interval.
const slowed = 0.05

// addControls adds the controls to the rows of a plan.
func addControls(rows []results.Row, chosen []models.Model) ([]results.Row, error) {
	base := chosen[0].Name()
	var groups []string
	for i := range rows {
		row := &rows[i]
		if row.Workload == empty.Name {
			return nil, selection("a workload is called %q, which is the name of a control: call it something else", empty.Name)
		}
		runs := slices.ContainsFunc(row.Cells, func(c results.PlannedCell) bool { return c.Model == base && c.Inexpressible == "" })
		if !runs || slices.Contains(groups, row.Group) {
			continue
		}
		groups = append(groups, row.Group)
		row.Cells = append(row.Cells,
			results.PlannedCell{Model: base + "-again", Role: results.RoleControl, Runs: base, Against: base},
			results.PlannedCell{Model: base + "+5%", Role: results.RoleControl, Runs: base, Slowed: slowed, Against: base})
	}
	row := results.Row{Workload: empty.Name, Group: string(empty.Group), Isolates: empty.Isolates, Tasks: 1}
	for _, m := range chosen {
		row.Cells = append(row.Cells, results.PlannedCell{Model: m.Name(), Role: results.RoleControl, Runs: m.Name()})
	}
	return append(rows, row), nil
}

// linger computes until a region that began then has lasted longer by a share of
// what it has lasted already. The slow-down is as large as it is called, whatever
// disturbs the region.
func linger(begin stamp, share float64) {
	if share <= 0 {
		return
	}
	lasted := now() - begin
	end := begin + lasted + stamp(float64(lasted)*share)
	for now() < end {
	}
}
