package results

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// WarnNotMeasured is the code of the warning that says which costs are missing.
const WarnNotMeasured = "not-measured"

// A gap is a reason why samples lack some metrics.
type gap struct {
	metrics []string // their short names
	samples int
	why     string
}

// gaps finds what good samples, given by cell, could not measure. A metric that is
// absent without a reason does not apply, as the fixture's CPU time where there is
// none, and is no gap. Metrics that are missing from as many samples for the same
// reason are one gap.
func gaps(cells [][]Sample) (found []gap) {
	reasons := make(map[string]map[string]int) // unit, reason, samples
	for _, samples := range cells {
		for i := range samples {
			for unit, why := range samples[i].NotMeasured {
				if reasons[unit] == nil {
					reasons[unit] = make(map[string]int)
				}
				reasons[unit][why]++
			}
		}
	}
	for _, m := range Metrics() {
		if reasons[m.Unit] == nil {
			continue
		}
		n, why := mostFrequent(reasons[m.Unit])
		if last := len(found) - 1; last >= 0 && found[last].samples == n && found[last].why == why {
			found[last].metrics = append(found[last].metrics, m.Abbr)
			continue
		}
		found = append(found, gap{[]string{m.Abbr}, n, why})
	}
	return found
}

// mostFrequent returns how many samples there are in all and the reason of most of
// them, with the number of others.
func mostFrequent(reasons map[string]int) (samples int, why string) {
	for _, n := range reasons {
		samples += n
	}
	ordered := slices.SortedFunc(maps.Keys(reasons), func(a, b string) int {
		return cmp.Or(cmp.Compare(reasons[b], reasons[a]), cmp.Compare(a, b))
	})
	why = fmt.Sprintf("%.200s", ordered[0])
	if others := len(ordered) - 1; others > 0 {
		why += " and " + plural(others, "other reason", "other reasons")
	}
	return samples, why
}

// warnGaps says once, for all cells, which costs are missing: a report prints
// them as "not measured" in many places, and bench.txt leaves them out.
func warnGaps(a *Analysis) (Warning, bool) {
	var cells [][]Sample
	good := 0
	for _, row := range a.Rows {
		for _, c := range row.Cells {
			if c.Role != RoleTwin { // which has no model, so nothing that only models have
				cells, good = append(cells, c.Good), good+len(c.Good)
			}
		}
	}
	found := gaps(cells)
	if len(found) == 0 {
		return Warning{}, false
	}
	texts := make([]string, len(found))
	for i, g := range found {
		texts[i] = fmt.Sprintf("%s in %d of %s (%s)", strings.Join(g.metrics, ", "), g.samples, plural(good, "sample", "samples"), Inert(g.why))
	}
	return Warning{Cell{}, WarnNotMeasured, "not every cost was measured: " + strings.Join(texts, "; ")}, true
}
