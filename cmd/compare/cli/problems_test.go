package cli

import (
	"strings"
	"testing"

	"juggle/results"
)

// Problems that are too many to be listed are counted.
func TestPrintProblems(t *testing.T) {
	for more, want := range map[int]string{
		0:    "compare: j:3: torn\n",
		4711: "compare: j:3: torn\ncompare: the-run has 4711 problems more, which are not listed\n",
	} {
		var stderr strings.Builder
		e := &environment{stderr: &stderr}
		e.printProblems(&results.Run{Dir: "the-run", Problems: []results.Problem{{File: "j", Line: 3, Text: "torn"}}, MoreProblems: more})
		if got := stderr.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
