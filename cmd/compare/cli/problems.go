package cli

import (
	"fmt"

	"juggle/results"
)

// printProblems says what could not be used of a run's files, a line each, and
// how many more there are.
func (e *environment) printProblems(run *results.Run) {
	for _, p := range run.Problems {
		fmt.Fprintln(e.stderr, "compare:", p.Error())
	}
	if run.MoreProblems > 0 {
		fmt.Fprintf(e.stderr, "compare: %s has %d problems more, which are not listed\n", run.Dir, run.MoreProblems)
	}
}
