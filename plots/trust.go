package plots

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"juggle/results"
)

const (
	notMeasured = "not measured"
	notTold     = "not told"
)

// trust is what the answers rest on: machine, build, rounds, doubts, failures.
func trust(a *results.Analysis) []part {
	parts := []part{heading{2, "What to trust it by"}, facts{conditions(a)}, facts{method(a)}}
	if k := min(a.Plan.Host.CPUs, a.Plan.Host.GOMAXPROCS); k > 0 {
		parts = append(parts, note{fmt.Sprintf("On %s no model can do work that only computes more than %d times as fast as one core does it. "+
			"A larger speed-up means that tasks waited at the same time, not that they computed faster.",
			count(k, "core", "cores"), k)})
	}
	parts = append(parts, controls(a)...)
	parts = append(parts, heading{3, "Warnings"})
	if len(a.Warnings) == 0 {
		parts = append(parts, paragraph{"None."})
	}
	var warnings bullets
	for _, w := range a.Warnings {
		warnings.Items = append(warnings.Items, sentence(w.Text))
	}
	parts = append(append(parts, warnings, heading{3, "Failures"}), failures(a)...)
	return append(parts, twins(a)...)
}

// conditions says where it was measured.
func conditions(a *results.Analysis) []fact {
	h, b := a.Plan.Host, a.Plan.Build
	memory, virtual := "", h.Virtualization
	if h.MemoryBytes > 0 {
		memory = ", " + results.FormatValue(results.PeakRSS, float64(h.MemoryBytes)) + " of memory"
	}
	if virtual == "none" {
		virtual = "none, a machine of its own"
	}
	revision, dirty := strings.CutSuffix(cmp.Or(b.Revision, notTold), "+dirty")
	if dirty {
		revision += ", with changes that are not committed"
	}
	return []fact{
		{"Machine", fmt.Sprintf("%s, %s/%s%s", cmp.Or(h.CPU, "a processor of unknown name"), h.OS, h.Arch, memory)},
		{"Cores", fmt.Sprintf("%s, GOMAXPROCS %s", known(h.CPUs), known(h.GOMAXPROCS))},
		{"Kernel", cmp.Or(h.Kernel, notTold)},
		{"Frequency governor", cmp.Or(h.Governor, notTold)},
		{"Virtualization", cmp.Or(virtual, notTold)},
		{"CPU quota", bound(h.CPUQuota)},
		{"Settings", settings(h)},
		{"Busy before it began", strconv.FormatFloat(h.BusyCPUs, 'f', 2, 64) + " CPUs, by something else"},
		{"During the rounds", during(a)},
		{"Go", cmp.Or(b.GoVersion, notTold)},
		{"Revision", revision},
		{"Binary", "SHA-256 " + cmp.Or(b.BinarySHA256, notTold)},
	}
}

// method says how it was measured.
func method(a *results.Analysis) []fact {
	p := a.Plan
	margin := 0.0
	for _, row := range a.Rows {
		for _, cell := range row.Cells {
			if cell.Verdict != nil {
				margin = max(margin, cell.Verdict.Margin)
			}
		}
	}
	list := []fact{
		{"Run", fmt.Sprintf("%s, tier %s, begun %s", cmp.Or(p.RunID, notTold), cmp.Or(p.Tier, notTold), began(p.Started))},
		{"Rounds", sampled(a)},
		{"Order", fmt.Sprintf("every round runs every model once in a fresh random order, seed %d", p.Seed)},
		{"Family", fmt.Sprintf("%s, corrected together after Holm", count(a.Family, "comparison", "comparisons"))},
	}
	if margin > 0 {
		list = append(list, fact{"Margin", marginText(a, margin)})
	}
	return append(list, fact{"Raw data", "samples.jsonl holds every sample in the order of execution; bench.txt holds the same " +
		"for benchstat: benchstat -col /model bench.txt"})
}

// bound tells a limit.
func bound(l results.Limit) string {
	if l == results.NoLimit {
		return "none"
	}
	return cmp.Or(string(l), notTold)
}

func marginText(a *results.Analysis, margin float64) string {
	text := "differences below " + percent(margin) + " do not matter here"
	if a.Floor > results.Margin {
		text += fmt.Sprintf(": %s would be usual, but a model could differ by that much from itself", percent(results.Margin))
	}
	return text
}

func known(n int) string {
	if n <= 0 {
		return notTold
	}
	return strconv.Itoa(n)
}

func began(t time.Time) string {
	if t.IsZero() {
		return notTold
	}
	return t.UTC().Format("2006-01-02 15:04:05 UTC")
}

// longestMessage bounds the messages of failures in the report, in characters;
// the journal has them whole.
const longestMessage = 300

// failures lists what has no numbers, equal failures of a cell in one line.
func failures(a *results.Analysis) []part {
	t := table{
		Caption: "Samples without numbers. A wrong answer never becomes a number.",
		Head:    []string{"Work", "Model", "Samples", "What", "Message of the first"},
	}
	for _, row := range a.Rows {
		for _, cell := range row.Cells {
			var kinds []string
			first := make(map[string]string)
			times := make(map[string]int)
			for _, s := range cell.Failed {
				f := results.Failure{Kind: "unknown"}
				if s.Failure != nil {
					f = *s.Failure
				}
				if times[f.Kind]++; times[f.Kind] == 1 {
					kinds = append(kinds, f.Kind)
					first[f.Kind] = f.Message
				}
			}
			for _, kind := range kinds {
				t.Rows = append(t.Rows, []string{
					rowTitle(row.Row), cell.Model,
					fmt.Sprintf("%d of %d", times[kind], len(cell.Good)+len(cell.Failed)), kind, shorten(first[kind]),
				})
			}
		}
	}
	if len(t.Rows) == 0 {
		return []part{paragraph{"None: every sample gave the right answer."}}
	}
	return []part{t}
}

// shorten cuts a message that would fill the page.
func shorten(message string) string {
	runes := []rune(clean(message))
	if len(runes) <= longestMessage {
		return string(runes)
	}
	return string(runes[:longestMessage]) + "… (the journal has the rest)"
}
