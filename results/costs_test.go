package results

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzCosts holds that costs read as encoding/json reads a map of numbers, or
// not at all. What they refuse beyond that is null for a number.
func FuzzCosts(f *testing.F) {
	for _, seed := range []string{
		`{"ns/op":5,"B/op":1e3}`, `{}`, `null`, `{"own-unit":-0.5e-7}`, `{ "ns/op" : 5 }`, `{"a\"b":1}`, `{"":0}`, `{"a":1,"a":2}`, `{"é":1}`, `{"\u0061":1}`,
		`{"a":{"b":1,"c":2}}`, `{"a":"x,y"}`, `{"a":null}`, `{"a":true}`, `{"a":1e999}`, `{"a,b":1,"}":2,":":3}`, `[1]`, `"x"`, `7`, `{"a":[1,2]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var want map[string]float64
		var asNull map[string]*float64
		wantErr := json.Unmarshal(text, &want)
		nulls := false
		if wantErr == nil && json.Unmarshal(text, &asNull) == nil {
			for _, v := range asNull {
				nulls = nulls || v == nil
			}
		}
		var got Costs
		err := json.Unmarshal(text, &got)
		switch {
		case err != nil && (wantErr != nil || nulls):
		case err != nil || wantErr != nil:
			t.Fatalf("%s: %v, and encoding/json says %v", text, err, wantErr)
		default:
			if diff := cmp.Diff(want, map[string]float64(got)); diff != "" {
				t.Fatalf("%s: %s", text, diff)
			}
		}
	})
}

// A unit that no metric has is read as any other.
func TestCostsOfAnUnknownUnit(t *testing.T) {
	var got Costs
	if err := json.Unmarshal([]byte(`{"ns/op":5,"joules/op":0.25}`), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Costs{Wall: 5, "joules/op": 0.25}, got); diff != "" {
		t.Error(diff)
	}
}
