package results

import (
	"bufio"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// gaugeNames say how the metrics are called in OpenMetrics: a stem, the unit,
// and what a value is multiplied by to be in it. Times are in seconds.
var gaugeNames = map[string]struct {
	stem, unit string
	scale      float64
}{
	Wall: {"wall", "seconds", 1e-9}, UserCPU: {"user_cpu", "seconds", 1e-9}, SystemCPU: {"system_cpu", "seconds", 1e-9},
	PeakRSS: {"peak_resident", "bytes", 1}, Voluntary: {"voluntary", "switches", 1}, Involuntary: {"involuntary", "switches", 1},
	Threads: {"os", "threads", 1}, AllocBytes: {"allocated", "bytes", 1}, Allocs: {"heap", "allocations", 1},
	Throughput: {"throughput", "tasks_per_second", 1}, LatencyP50: {"latency_p50", "seconds", 1e-9}, LatencyP99: {"latency_p99", "seconds", 1e-9},
	PeakInFlight: {"peak_in_flight", "tasks", 1}, Setup: {"setup", "seconds", 1e-9}, FixtureCPU: {"fixture_cpu", "seconds", 1e-9},
}

// openMetrics writes families, one after another.
type openMetrics struct {
	*bufio.Writer
	analysis *Analysis
}

// WriteOpenMetrics writes medians, speed-ups and verdicts with their intervals in
// the text format of OpenMetrics 1.0. A family has no sample for what was not
// measured; the ends of an interval may be infinite. A label holds its text as it
// is, unless that has characters that are not visible, bytes that are not UTF-8,
// or a quote at its begin: then it is a quoted Go string. So no two texts become
// one, and a terminal shows nothing but text.
func (a *Analysis) WriteOpenMetrics(w io.Writer) error {
	o := openMetrics{bufio.NewWriter(w), a}
	o.run()
	for _, m := range Metrics() {
		o.metric(m)
	}
	o.samples()
	o.verdicts()
	o.controls()
	o.WriteString("# EOF\n")
	return o.Flush()
}

// family begins a family. Unit is "" or the end of name.
func (o openMetrics) family(name, kind, unit, help string) {
	o.WriteString("# TYPE " + name + " " + kind + "\n")
	if unit != "" {
		o.WriteString("# UNIT " + name + " " + unit + "\n")
	}
	o.WriteString("# HELP " + name + " " + escapeLabel(help) + "\n")
}

// sample writes a value with labels, which are names and values by turns.
func (o openMetrics) sample(name string, value float64, labels ...string) {
	o.WriteString(name)
	for i := 0; i < len(labels); i += 2 {
		o.WriteString(map[bool]string{true: "{", false: ","}[i == 0] + labels[i] + `="` + labelText(labels[i+1]) + `"`)
	}
	o.WriteString("} " + openNumber(value) + "\n")
}

// run says what was measured and where.
func (o openMetrics) run() {
	p := &o.analysis.Plan
	o.family("juggle_run", "info", "", "the run that everything here comes from")
	o.sample("juggle_run_info", 1, "run_id", p.RunID, "tier", p.Tier, "base_model", p.BaseModel, "go_version", p.Build.GoVersion,
		"revision", p.Build.Revision, "os", p.Host.OS, "arch", p.Host.Arch, "cpu", p.Host.CPU, "kernel", p.Host.Kernel)
}

// each calls f for every cell that is no control.
func (o openMetrics) each(f func(c CellAnalysis, labels []string)) {
	for _, row := range o.analysis.Rows {
		for _, c := range row.Cells {
			f(c, []string{"workload", row.Row.Workload, "params", row.Row.Params, "model", c.Model, "role", c.Role})
		}
	}
}

// metric writes the median of a metric and its interval.
func (o openMetrics) metric(m Metric) {
	g := gaugeNames[m.Unit]
	for _, part := range []struct {
		stem, help string
		of         func(Summary) float64
	}{
		{"_median_", "median", func(s Summary) float64 { return s.Median }},
		{"_median_low_", "lower end of the 95 % interval of the median", func(s Summary) float64 { return s.Lo }},
		{"_median_high_", "upper end of the 95 % interval of the median", func(s Summary) float64 { return s.Hi }},
	} {
		name := "juggle_" + g.stem + part.stem + g.unit
		o.family(name, "gauge", g.unit, m.Title+": "+part.help)
		o.each(func(c CellAnalysis, labels []string) {
			if s, measured := c.Costs[m.Unit]; measured {
				o.sample(name, part.of(s)*g.scale, labels...)
			}
		})
	}
}

// samples counts the samples of each cell.
func (o openMetrics) samples() {
	o.family("juggle_good_samples", "gauge", "samples", "samples with a right answer")
	o.each(func(c CellAnalysis, labels []string) {
		o.sample("juggle_good_samples", float64(len(c.Good)), labels...)
	})
	o.family("juggle_failed_samples", "gauge", "samples", "samples without a right answer")
	o.each(func(c CellAnalysis, labels []string) {
		o.sample("juggle_failed_samples", float64(len(c.Failed)), labels...)
	})
}

// verdicts writes what was judged.
func (o openMetrics) verdicts() {
	for _, part := range []struct {
		name, unit, help string
		of               func(*Verdict) float64
	}{
		{"juggle_speedup_ratio", "ratio", "time of the model in the label against, divided by that of the model", func(v *Verdict) float64 { return v.Speedup }},
		{"juggle_speedup_low_ratio", "ratio", "lower end of the 95 % interval of the speed-up", func(v *Verdict) float64 { return v.Lo }},
		{"juggle_speedup_high_ratio", "ratio", "upper end of the 95 % interval of the speed-up", func(v *Verdict) float64 { return v.Hi }},
		{"juggle_speedup_margin_ratio", "ratio", "relative difference that does not matter", func(v *Verdict) float64 { return v.Margin }},
		{"juggle_speedup_holm_p", "", "p-value, corrected by Holm's method within the family", func(v *Verdict) float64 { return v.HolmP }},
	} {
		o.family(part.name, "gauge", part.unit, part.help)
		o.each(func(c CellAnalysis, labels []string) {
			if c.Verdict != nil {
				o.sample(part.name, part.of(c.Verdict), append(labels, "against", c.Verdict.Against)...)
			}
		})
	}
	o.family("juggle_verdict", "stateset", "", "outcome of the comparison")
	o.each(func(c CellAnalysis, labels []string) {
		if c.Verdict != nil {
			labels = append(labels, "against", c.Verdict.Against)
			for _, kind := range []VerdictKind{Faster, Slower, Equivalent, Inconclusive} {
				o.state("juggle_verdict", string(kind), c.Verdict.Kind == kind, labels)
			}
		}
	})
}

// controls writes how the controls came out.
func (o openMetrics) controls() {
	o.family("juggle_control", "stateset", "", "outcome of a control of the measurement")
	for _, c := range o.analysis.Controls {
		for _, status := range []ControlStatus{ControlPassed, ControlFailed, ControlUnknown} {
			o.state("juggle_control", string(status), c.Status == status,
				[]string{"kind", string(c.Kind), "workload", c.Row.Workload, "params", c.Row.Params, "model", c.Cell.Model})
		}
	}
}

// state writes one state of a set, whose label has the name of the family.
func (o openMetrics) state(family, name string, is bool, labels []string) {
	o.sample(family, map[bool]float64{true: 1}[is], append(labels[:len(labels):len(labels)], family, name)...)
}

// openNumber has the digits of exported. OpenMetrics has words for the rest.
func openNumber(v float64) string {
	switch {
	case math.IsNaN(v):
		return "NaN"
	case math.IsInf(v, 1):
		return "+Inf"
	case math.IsInf(v, -1):
		return "-Inf"
	}
	return exported(v)
}

// labelText is the value of a label, escaped.
func labelText(text string) string {
	hidden := func(r rune) bool { return !unicode.IsGraphic(r) }
	if strings.HasPrefix(text, `"`) || !utf8.ValidString(text) || strings.ContainsFunc(text, hidden) {
		text = strconv.QuoteToGraphic(text)
	}
	return escapeLabel(text)
}

var labelEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

func escapeLabel(text string) string { return labelEscapes.Replace(text) }
