package results

import (
	"bytes"
	"encoding/json"
	"strconv"
)

// Costs maps a Metric's unit to its value.
type Costs map[string]float64

// unitNames are the names of units that samples share: 100,000 samples with a
// copy each would need more memory for the names than for the numbers.
var unitNames = func() map[string]string {
	names := make(map[string]string)
	for _, m := range Metrics() {
		names[m.Unit] = m.Unit
	}
	return names
}()

// UnmarshalJSON reads an object of numbers. Costs are most of a journal, and
// encoding/json takes several times as long for a map. What a journal of this
// package never holds, as white space and escaped names, is left to it.
func (c *Costs) UnmarshalJSON(text []byte) error {
	odd := func(r rune) bool { return r <= ' ' || r > '~' || r == '\\' }
	if text[0] != '{' || bytes.ContainsFunc(text, odd) {
		return json.Unmarshal(text, (*map[string]float64)(c))
	}
	costs := make(Costs, bytes.Count(text, []byte(":")))
	for rest := text[1:]; len(rest) > 1; { // "unit":number, and so on, and a brace
		unit, after, _ := bytes.Cut(rest[1:], []byte(`":`))
		number, next, more := bytes.Cut(after, []byte(","))
		if !more {
			number = after[:len(after)-1]
		}
		value, err := strconv.ParseFloat(string(number), 64)
		if err != nil {
			return err
		}
		name, known := unitNames[string(unit)]
		if !known {
			name = string(unit)
		}
		costs[name] = value
		rest = next
	}
	*c = costs
	return nil
}
