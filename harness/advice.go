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

// machine is what makes numbers of two machines incomparable.
func machine(h results.Host) string {
	return fmt.Sprintf("%s, %d CPUs, GOMAXPROCS %d, kernel %s", h.CPU, h.CPUs, h.GOMAXPROCS, h.Kernel)
}

// Resumable reports why this program on this machine cannot go on with a plan.
func Resumable(plan *results.Plan, table []workloads.Workload) error {
	if len(plan.MergedFrom) > 0 {
		return fmt.Errorf("it was merged from %d runs; resume the one that lacks samples, and merge again", len(plan.MergedFrom))
	}
	build, err := readBuild()
	if err != nil {
		return err
	}
	host := readHost()
	switch was := plan.Host; {
	case plan.Build.BinarySHA256 != build.BinarySHA256:
		return fmt.Errorf("it was begun by another build of this program (%.12s… with %s, this is %.12s… with %s); "+
			"use that build, or begin a new run", plan.Build.BinarySHA256, plan.Build.GoVersion, build.BinarySHA256, build.GoVersion)
	case was.CPU != host.CPU || was.CPUs != host.CPUs || was.GOMAXPROCS != host.GOMAXPROCS || was.Kernel != host.Kernel:
		return fmt.Errorf("it was begun on another machine (%s; this is %s); begin a new run", machine(was), machine(host))
	}
	for _, row := range plan.Rows {
		w, err := findWorkload(table, row.Workload)
		if err != nil {
			return err
		}
		if _, err := w.Parse(row.Params); err != nil {
			return err
		}
	}
	return nil
}
