package harness

import (
	"fmt"
	"strings"

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

// Resumable reports why this program on this machine cannot go on with a plan.
func Resumable(plan *results.Plan, table []workloads.Workload) error {
	build, err := readBuild()
	if err != nil {
		return err
	}
	switch unlike := results.Alike(plan.Host, readHost()); {
	case plan.Build.BinarySHA256 != build.BinarySHA256:
		return fmt.Errorf("it was begun by another build of this program (%.12s… with %s, this is %.12s… with %s); "+
			"use that build, or begin a new run", plan.Build.BinarySHA256, plan.Build.GoVersion, build.BinarySHA256, build.GoVersion)
	case len(unlike) > 0:
		return fmt.Errorf("it was begun on another machine, or this one was set up differently then (%s now); "+
			"put that back, or begin a new run", strings.Join(unlike, "; "))
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
