package results

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"strconv"
	"time"
)

// WriteSamplesCSV writes a line for each sample of a run in the order of the
// journal, those of controls and without numbers included. The columns are what
// identifies the sample and then the metrics by their units. What was not
// measured is an empty cell. Texts are as in [Diff.WriteCSV], numbers exact.
func WriteSamplesCSV(w io.Writer, run *Run) error {
	out := csv.NewWriter(w)
	head := []string{"run_id", "round", "place", "seq", "started", "workload", "params", "model", "failure", "failure_message"}
	for _, m := range Metrics() {
		head = append(head, m.Unit)
	}
	if err := out.Write(head); err != nil {
		return err
	}
	for _, s := range run.Samples {
		row := []string{
			csvText(run.Plan.RunID), strconv.Itoa(s.Round), strconv.Itoa(s.Place), strconv.Itoa(s.Seq), s.Started.Format(time.RFC3339Nano),
			csvText(s.Workload), csvText(s.Params), csvText(s.Model),
		}
		if f := s.Failure; f != nil {
			row = append(row, csvText(f.Kind), csvText(f.Message))
		} else {
			row = append(row, "", "")
		}
		for _, m := range Metrics() {
			cell := ""
			if v, measured := s.Costs[m.Unit]; measured {
				cell = strconv.FormatFloat(v, 'g', -1, 64)
			}
			row = append(row, cell)
		}
		if err := out.Write(row); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// AnalysisSchema is the version of what Analysis.WriteJSON writes. It grows when
// a field changes its meaning or goes; new fields alone do not change it.
const AnalysisSchema = 1

type (
	jsonAnalysis struct {
		Schema      int           `json:"schema"`
		RunID       string        `json:"run_id"`
		MergedFrom  []string      `json:"merged_from,omitempty"`
		Started     time.Time     `json:"started"`
		Tier        string        `json:"tier"`
		BaseModel   string        `json:"base_model"`
		Build       Build         `json:"build"`
		Host        Host          `json:"host"`
		Interrupted bool          `json:"interrupted"`
		Family      int           `json:"family"`
		Floor       jsonNumber    `json:"floor"`
		Rows        []jsonRow     `json:"rows"`
		Controls    []jsonControl `json:"controls"`
		Warnings    []jsonWarning `json:"warnings"`
	}
	jsonRow struct {
		Workload string     `json:"workload"`
		Params   string     `json:"params"`
		Group    string     `json:"group"`
		Tasks    int        `json:"tasks"`
		Rounds   int        `json:"rounds"`
		Stop     Stop       `json:"stop"`
		Cells    []jsonCell `json:"cells"`
	}
	jsonCell struct {
		Model         string                 `json:"model"`
		Role          string                 `json:"role"`
		Inexpressible string                 `json:"inexpressible,omitempty"`
		Good          int                    `json:"good"`
		Failed        int                    `json:"failed"`
		PredictedNS   jsonNumber             `json:"predicted_ns,omitempty"`
		Costs         map[string]jsonSummary `json:"costs"`
		Verdict       *jsonVerdict           `json:"verdict,omitempty"`
	}
	jsonSummary struct {
		N          int        `json:"n"`
		Median     jsonNumber `json:"median"`
		Lo         jsonNumber `json:"median_lo"`
		Hi         jsonNumber `json:"median_hi"`
		Confidence jsonNumber `json:"confidence"`
		Min        jsonNumber `json:"min"`
		Q1         jsonNumber `json:"q1"`
		Q3         jsonNumber `json:"q3"`
		Max        jsonNumber `json:"max"`
		MAD        jsonNumber `json:"mad"`
		Mild       int        `json:"mild_outliers"`
		Extreme    int        `json:"extreme_outliers"`
	}
	jsonVerdict struct {
		Kind       VerdictKind `json:"kind"`
		Against    string      `json:"against"`
		Speedup    jsonNumber  `json:"speedup"`
		Lo         jsonNumber  `json:"speedup_lo"`
		Hi         jsonNumber  `json:"speedup_hi"`
		Pairs      int         `json:"pairs"`
		P          jsonNumber  `json:"p"`
		HolmP      jsonNumber  `json:"holm_p"`
		UnpairedP  jsonNumber  `json:"unpaired_p"`
		Margin     jsonNumber  `json:"margin"`
		Detectable *jsonNumber `json:"detectable,omitempty"`
	}
	jsonControl struct {
		Kind     ControlKind   `json:"kind"`
		Status   ControlStatus `json:"status"`
		Workload string        `json:"workload"`
		Params   string        `json:"params"`
		Cell     jsonCell      `json:"cell"`
		Floor    jsonNumber    `json:"floor"`
		Text     string        `json:"text"`
	}
	jsonWarning struct {
		Cell
		Code string `json:"code"`
		Text string `json:"text"`
	}
)

// WriteJSON writes what was judged: for every row and cell the summary of each
// cost in the metric's unit (wall time in ns), and the verdict with its interval,
// p-values and margin. Speedup is the time of Against divided by that of the
// model. What is infinite or no number is null: an end of an interval that too
// few samples leave open, or a detectable difference that there is none of. The
// text is ASCII; names are exact, but for bytes that are not UTF-8.
func (a *Analysis) WriteJSON(w io.Writer) error {
	p := &a.Plan
	out := jsonAnalysis{
		Schema: AnalysisSchema, RunID: p.RunID, MergedFrom: p.MergedFrom, Started: p.Started, Tier: p.Tier, BaseModel: p.BaseModel, Build: p.Build, Host: p.Host,
		Interrupted: a.Interrupted, Family: a.Family, Floor: jsonNumber(a.Floor), Rows: []jsonRow{}, Controls: []jsonControl{}, Warnings: []jsonWarning{},
	}
	for _, r := range a.Rows {
		row := jsonRow{r.Row.Workload, r.Row.Params, r.Row.Group, r.Row.Tasks, r.Rounds, r.Stop, []jsonCell{}}
		for _, c := range r.Cells {
			row.Cells = append(row.Cells, cellJSON(c))
		}
		out.Rows = append(out.Rows, row)
	}
	for _, c := range a.Controls {
		out.Controls = append(out.Controls, jsonControl{c.Kind, c.Status, c.Row.Workload, c.Row.Params, cellJSON(c.Cell), jsonNumber(c.Floor), c.Text})
	}
	for _, w := range a.Warnings {
		out.Warnings = append(out.Warnings, jsonWarning{w.Cell, w.Code, w.Text})
	}
	text, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		return err
	}
	_, err = io.Copy(w, bytes.NewReader(append(asciiOnly(text), '\n')))
	return err
}

func cellJSON(c CellAnalysis) jsonCell {
	out := jsonCell{
		Model: c.Model, Role: c.Role, Inexpressible: c.Inexpressible, Good: len(c.Good), Failed: len(c.Failed),
		PredictedNS: jsonNumber(c.PredictedNS), Costs: make(map[string]jsonSummary),
	}
	for unit, s := range c.Costs {
		out.Costs[unit] = jsonSummary{
			s.N, jsonNumber(s.Median), jsonNumber(s.Lo), jsonNumber(s.Hi), jsonNumber(s.Confidence), jsonNumber(s.Min),
			jsonNumber(s.Q1), jsonNumber(s.Q3), jsonNumber(s.Max), jsonNumber(s.MAD), s.MildOutliers, s.ExtremeOutliers,
		}
	}
	if v := c.Verdict; v != nil {
		out.Verdict = &jsonVerdict{
			v.Kind, v.Against, jsonNumber(v.Speedup), jsonNumber(v.Lo), jsonNumber(v.Hi), v.Pairs,
			jsonNumber(v.P), jsonNumber(v.HolmP), jsonNumber(v.UnpairedP), jsonNumber(v.Margin), nil,
		}
		if v.Kind == Inconclusive {
			out.Verdict.Detectable = new(jsonNumber(v.Detectable))
		}
	}
	return out
}
