package results

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// DiffSchema is the version of what Diff.WriteJSON writes. It grows when a field
// changes its meaning or goes; new fields alone do not change it.
const DiffSchema = 1

// jsonNumber is a float64 that JSON can hold: what is not finite is null.
type jsonNumber float64

func (n jsonNumber) MarshalJSON() ([]byte, error) {
	return []byte(cmp.Or(exported(float64(n)), "null")), nil
}

// exported writes a number with 12 digits, which are more than a measurement has
// and fewer than machines differ in, and nothing for what is not finite.
func exported(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return ""
	}
	return strconv.FormatFloat(v, 'g', 12, 64)
}

type (
	jsonDiff struct {
		Schema     int          `json:"schema"`
		Old        jsonSide     `json:"old"`
		New        jsonSide     `json:"new"`
		Units      []string     `json:"judged_units"`
		Family     int          `json:"family"`
		Margin     jsonNumber   `json:"margin"`
		Changes    []jsonChange `json:"changes"`
		Uncompared []Uncompared `json:"uncompared"`
		Notes      []string     `json:"notes"`
	}
	jsonSide struct {
		Name     string   `json:"name"`
		Results  int      `json:"results"`
		Failed   int      `json:"failed"`
		Problems []string `json:"problems"`
	}
	jsonChange struct {
		Key
		Better     string      `json:"better,omitempty"`
		Judged     bool        `json:"judged"`
		Kind       VerdictKind `json:"kind,omitempty"`
		Ratio      jsonNumber  `json:"ratio"`
		Lo         jsonNumber  `json:"ratio_lo"`
		Hi         jsonNumber  `json:"ratio_hi"`
		P          *jsonNumber `json:"p,omitempty"`
		HolmP      *jsonNumber `json:"holm_p,omitempty"`
		Detectable *jsonNumber `json:"detectable,omitempty"`
		Pairs      int         `json:"pairs"`
		Old        jsonSeries  `json:"old"`
		New        jsonSeries  `json:"new"`
	}
	jsonSeries struct {
		N        int           `json:"n"`
		Median   jsonNumber    `json:"median"`
		Lo       jsonNumber    `json:"median_lo"`
		Hi       jsonNumber    `json:"median_hi"`
		Findings []jsonFinding `json:"findings,omitempty"`
	}
	jsonFinding struct {
		Code  string     `json:"code"`
		Value jsonNumber `json:"value"`
		Text  string     `json:"text"`
	}
)

// WriteJSON writes everything that a Diff holds, judged or not. Names are exact,
// but for bytes that are not UTF-8, and the text is ASCII: whatever a name holds,
// a terminal shows it as an escape. What is infinite or no number is null.
func (d *Diff) WriteJSON(w io.Writer) error {
	out := jsonDiff{
		Schema: DiffSchema, Old: sideOf(d.Old), New: sideOf(d.New), Units: d.Units, Family: d.Family, Margin: Margin,
		Changes: make([]jsonChange, 0, len(d.Changes)), Uncompared: append([]Uncompared{}, d.Uncompared...), Notes: append([]string{}, d.Notes...),
	}
	for _, c := range d.Changes {
		one := jsonChange{
			Key: c.Key, Better: c.Better, Judged: c.Judged, Kind: c.Kind, Ratio: jsonNumber(c.Ratio), Lo: jsonNumber(c.Lo), Hi: jsonNumber(c.Hi),
			Pairs: c.Pairs, Old: seriesOf(c.Old, c.OldFindings), New: seriesOf(c.New, c.NewFindings),
		}
		if c.Judged {
			one.P, one.HolmP = new(jsonNumber(c.P)), new(jsonNumber(c.HolmP))
		}
		if c.Kind == Inconclusive {
			one.Detectable = new(jsonNumber(c.Detectable))
		}
		out.Changes = append(out.Changes, one)
	}
	text, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		return err
	}
	_, err = w.Write(append(asciiOnly(text), '\n'))
	return err
}

func sideOf(s *Set) jsonSide {
	side := jsonSide{Name: s.Name, Results: s.Results, Failed: s.Failed, Problems: []string{}}
	for _, p := range s.Problems {
		side.Problems = append(side.Problems, p.Error())
	}
	return side
}

func seriesOf(s Summary, findings []Finding) jsonSeries {
	one := jsonSeries{N: s.N, Median: jsonNumber(s.Median), Lo: jsonNumber(s.Lo), Hi: jsonNumber(s.Hi)}
	for _, f := range findings {
		one.Findings = append(one.Findings, jsonFinding{f.Code, jsonNumber(f.Value), f.Text})
	}
	return one
}

// asciiOnly escapes what package json leaves: letters beyond ASCII, among which
// are the controls of the second set and those that turn the writing round, and
// DEL. Outside of strings there are none.
func asciiOnly(text []byte) []byte {
	if !bytes.ContainsFunc(text, func(r rune) bool { return r >= 0x7f }) {
		return text
	}
	var out []byte
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		switch {
		case r < 0x7f:
			out = append(out, byte(r))
		case r > 0xffff:
			r -= 0x10000
			out = fmt.Appendf(out, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
		text = text[size:]
	}
	return out
}

// csvHead names the columns of Diff.WriteCSV.
var csvHead = []string{
	"package", "name", "unit", "better", "judged", "kind", "old_median", "new_median", "ratio", "ratio_lo", "ratio_hi",
	"p", "holm_p", "detectable", "pairs", "old_n", "new_n", "why_not",
}

// WriteCSV writes a line for each change, judged or not, and for each thing that
// was not compared, which has its reason in the last column and no numbers. What
// is infinite or not set is an empty cell.
//
// A text that a spreadsheet would take for a formula has an apostrophe put before
// it, and what is no visible character is replaced: the names are for people, and
// the JSON has them exactly.
func (d *Diff) WriteCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	rows := [][]string{csvHead}
	for _, c := range d.Changes {
		row := []string{csvText(c.Package), csvText(c.Name), csvText(c.Unit), c.Better, strconv.FormatBool(c.Judged), string(c.Kind)}
		row = append(row, csvNumbers(c.Old.Median, c.New.Median, c.Ratio, c.Lo, c.Hi)...)
		p, holmP, detectable := math.NaN(), math.NaN(), math.NaN()
		if c.Judged {
			p, holmP = c.P, c.HolmP
		}
		if c.Kind == Inconclusive {
			detectable = c.Detectable
		}
		row = append(row, csvNumbers(p, holmP, detectable, float64(c.Pairs), float64(c.Old.N), float64(c.New.N))...)
		rows = append(rows, append(row, ""))
	}
	for _, u := range d.Uncompared {
		row := make([]string, len(csvHead))
		row[0], row[1], row[2], row[len(row)-1] = csvText(u.Package), csvText(u.Name), csvText(u.Unit), u.Why
		rows = append(rows, row)
	}
	return out.WriteAll(rows)
}

func csvNumbers(values ...float64) (cells []string) {
	for _, v := range values {
		cells = append(cells, exported(v))
	}
	return cells
}

// csvText makes a text inert in a spreadsheet. The wide forms of the signs are
// formulas in some of them, too, and spaces before them change nothing.
func csvText(text string) string {
	text = Inert(text)
	if first, _ := utf8.DecodeRuneInString(strings.TrimSpace(text)); strings.ContainsRune("=+-@＝＋－＠|%", first) {
		return "'" + text
	}
	return text
}
