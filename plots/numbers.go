package plots

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"juggle/results"
)

// positive tells whether v is a number that has a logarithm.
func positive(v float64) bool { return v > 0 && !math.IsInf(v, 1) }

// orElse is v, or what stands for it where v is not a number.
func orElse(v, otherwise float64) float64 {
	if math.IsNaN(v) {
		return otherwise
	}
	return v
}

// factor writes a ratio with three digits, such as 3.24× or 0.125×.
func factor(v float64) string {
	switch {
	case math.IsNaN(v):
		return "?"
	case math.IsInf(v, 1):
		return "∞"
	case v != 0 && (v < 0.001 || v >= 1e6):
		return strconv.FormatFloat(v, 'e', 1, 64) + "×"
	case v >= 100:
		return strconv.FormatFloat(v, 'f', 0, 64) + "×"
	case v >= 10:
		return strconv.FormatFloat(v, 'f', 1, 64) + "×"
	case v >= 0.1:
		return strconv.FormatFloat(v, 'f', 2, 64) + "×"
	}
	return strconv.FormatFloat(v, 'f', 3, 64) + "×"
}

// percent writes a share, such as 2 % for 0.02.
func percent(v float64) string {
	return strconv.FormatFloat(100*v, 'g', 3, 64) + " %"
}

// effect is how far a verdict lies from no difference, in either direction.
func effect(v *results.Verdict) float64 {
	if !positive(v.Speedup) {
		return 0
	}
	return math.Abs(math.Log(v.Speedup))
}

// sentence ends a text with a full stop where it has no end of its own.
func sentence(txt string) string {
	txt = strings.TrimSpace(txt)
	if txt == "" || strings.ContainsAny(txt[len(txt)-1:], ".!?") {
		return txt
	}
	return txt + "."
}

// count writes a number with the noun it counts.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

// list joins names as in a sentence.
func list(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

// walls returns the wall times of the samples that can be drawn, in their
// order, with the samples they belong to.
func walls(samples []results.Sample) (values []float64, kept []results.Sample) {
	for _, s := range samples {
		if v, ok := s.Costs[results.Wall]; ok && positive(v) {
			values = append(values, v)
			kept = append(kept, s)
		}
	}
	return values, kept
}

// quantile is the value below which a share of the sorted values lies,
// interpolated between neighbours (type 7 of Hyndman and Fan, 1996).
func quantile(sorted []float64, share float64) float64 {
	if len(sorted) == 0 {
		return math.NaN()
	}
	place := share * float64(len(sorted)-1)
	below := int(place)
	above := min(below+1, len(sorted)-1)
	return sorted[below] + (place-float64(below))*(sorted[above]-sorted[below])
}

// median does not need its values sorted.
func median(values []float64) float64 {
	return quantile(slices.Sorted(slices.Values(values)), 0.5)
}

// cpuTime is the median of user and system CPU time together, false where no
// sample has both.
func cpuTime(cell results.CellAnalysis) (float64, bool) {
	var sums []float64
	for _, s := range cell.Good {
		user, hasUser := s.Costs[results.UserCPU]
		system, hasSystem := s.Costs[results.SystemCPU]
		if hasUser && hasSystem {
			sums = append(sums, user+system)
		}
	}
	return median(sums), len(sums) > 0
}

// rowTitle names a row as the sentences of package results do.
func rowTitle(row results.Row) string {
	if row.Params == "" {
		return row.Workload
	}
	return fmt.Sprintf("%s (%s)", row.Workload, spaced(row.Params))
}

// spaced puts a space behind each comma of parameters, so that lines may end
// there.
func spaced(params string) string { return strings.ReplaceAll(params, ",", ", ") }

// tasks counts the tasks of a row.
func tasks(n int) string { return count(n, "task", "tasks") }
