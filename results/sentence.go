package results

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/perf/benchunit"
)

// Sentence says a verdict in plain words. Row is the row of the two cells. The
// text is inert on a terminal.
func (v *Verdict) Sentence(row Row) string {
	head := rowLabel(row) + ": " + Inert(v.Model) + " "
	against := Inert(v.Against)
	pairs := plural(v.Pairs, "paired round", "paired rounds")
	if v.PairedOnly {
		pairs += " and by these alone, because the times drift"
	}
	switch v.Kind {
	case Faster:
		return fmt.Sprintf("%sis %s times as fast as %s (95 %% interval %s to %s, Holm %s, %s)",
			head, digits(v.Speedup), against, digits(v.Lo), digits(v.Hi), pText(v.HolmP), pairs)
	case Slower:
		return fmt.Sprintf("%stakes %s times as long as %s (95 %% interval %s to %s, Holm %s, %s)",
			head, digits(1/v.Speedup), against, digits(1/v.Hi), digits(1/v.Lo), pText(v.HolmP), pairs)
	case Equivalent:
		return fmt.Sprintf("%sis equivalent to %s: the difference is within %s (speed-up %s, 95 %% interval %s to %s, %s)",
			head, against, percent(v.Margin), digits(v.Speedup), digits(v.Lo), digits(v.Hi), pairs)
	}
	switch {
	case v.Pairs < leastPairs: // too few to find drift in
		return fmt.Sprintf("%sagainst %s is inconclusive: there is no 95 %% interval of %s, at least %d are needed (speed-up so far %s)",
			head, against, pairs, leastPairs, digits(v.Speedup))
	case math.IsInf(v.Detectable, 1):
		return fmt.Sprintf("%sagainst %s is inconclusive: %s are too few for the number of comparisons in this run (speed-up %s, 95 %% interval %s to %s, Holm %s)",
			head, against, pairs, digits(v.Speedup), digits(v.Lo), digits(v.Hi), pText(v.HolmP))
	}
	return fmt.Sprintf("%sagainst %s is inconclusive: a difference of %s or more would have shown (speed-up %s, 95 %% interval %s to %s, Holm %s, %s)",
		head, against, percent(v.Detectable), digits(v.Speedup), digits(v.Lo), digits(v.Hi), pText(v.HolmP), pairs)
}

// rowLabel names a row.
func rowLabel(row Row) string {
	if row.Params == "" {
		return Inert(row.Workload)
	}
	return Inert(fmt.Sprintf("%s (%s)", row.Workload, strings.ReplaceAll(row.Params, ",", ", ")))
}

// digits prints a positive number with three significant digits, and one from
// 1,000 without its fraction.
func digits(v float64) string {
	rounded := threeDigits(v)
	switch {
	case math.IsInf(v, 0) || math.IsNaN(v):
		return "unbounded"
	case rounded >= 1000:
		return thousands(v)
	case rounded < 1e-3:
		return strconv.FormatFloat(v, 'g', 3, 64)
	}
	return strconv.FormatFloat(rounded, 'f', max(0, 2-int(math.Floor(math.Log10(rounded)))), 64)
}

// threeDigits rounds first, so that 9.999 has as many digits and 999.9 µs the
// same unit as the 10.0 and the 1.00 ms that they are printed as.
func threeDigits(v float64) float64 {
	rounded, _ := strconv.ParseFloat(strconv.FormatFloat(v, 'e', 2, 64), 64) // cannot fail on what was just formatted
	return rounded
}

// thousands prints a number without a fraction, its digits in groups of three.
func thousands(v float64) string {
	text := strconv.FormatFloat(v, 'f', 0, 64)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// percent prints a share with up to three digits: the margin is a round number
// and reads as one.
func percent(share float64) string {
	text := digits(100 * share)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text + " %"
}

func pText(p float64) string {
	if p < 0.001 {
		return "p < 0.001"
	}
	return fmt.Sprintf("p = %.3f", p)
}

// FormatValue prints a cost for people: times with three significant digits in
// the unit that suits them, bytes from 1 KiB with four in binary multiples, and
// all else in full if it is whole and with three digits if not.
func FormatValue(unit string, v float64) string {
	base := strings.TrimSuffix(unit, "/op")
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return "unbounded"
	case base == "ns" || strings.HasSuffix(base, "-ns"):
		return formatNanoseconds(v)
	case base == "B" || strings.HasSuffix(base, "-bytes"):
		if v < 1024 {
			return number(v) + " B"
		}
		return withSpace(benchunit.Scale(v, benchunit.Binary)) + "B"
	case base == "sec" || strings.HasSuffix(base, "-sec"): // in base units, see Key
		return formatNanoseconds(v * 1e9)
	case base == "B/s":
		return FormatValue("B", v) + "/s"
	case strings.HasSuffix(base, "/s"):
		return number(v) + " /s"
	}
	return number(v)
}

func number(v float64) string {
	if v == math.Trunc(v) {
		return thousands(v)
	}
	return digits(v)
}

func formatNanoseconds(v float64) string {
	rounded := threeDigits(v)
	switch {
	case v == 0:
		return "0 s"
	case rounded < 1e3:
		return digits(v) + " ns"
	case rounded < 1e6:
		return digits(v/1e3) + " µs"
	case rounded < 1e9:
		return digits(v/1e6) + " ms"
	}
	return digits(v/1e9) + " s"
}

// withSpace puts a space between a number and the prefix behind it.
func withSpace(text string) string {
	i := strings.LastIndexAny(text, "0123456789") + 1
	return text[:i] + " " + text[i:]
}

// Inert makes a text that came from elsewhere harmless on a terminal and in one
// line: what is no visible character becomes U+FFFD.
func Inert(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsGraphic(r) { // letters, marks, numbers, punctuation, symbols and spaces; no control or format character
			return r
		}
		return unicode.ReplacementChar
	}, text)
}
