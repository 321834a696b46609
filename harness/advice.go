package harness

import (
	"fmt"

	"juggle/results"
	"juggle/workloads"
)

// Advice says what a plan cannot show on this machine, before it starts, each
// with the way out.
func Advice(plan *results.Plan) []string {
	if plan.Host.GOMAXPROCS >= 2 {
		return nil
	}
	for _, row := range plan.Rows {
		if row.Group != string(workloads.IOBound) {
			return []string{fmt.Sprintf("%s computes, and this process may use one CPU only: no model can be faster "+
				"than sequential there; run where at least 2 CPUs are free, or raise GOMAXPROCS or the CPU quota", row.Workload)}
		}
	}
	return nil
}
