package workloads

import (
	"strings"
	"testing"
	"time"
)

var sample = Workload{
	Name: "sample",
	Params: []Param{
		Int("count", 3, 1, 100, "how many"),
		Duration("wait", 500*time.Microsecond, 0, time.Minute, "how long"),
		{Name: "word", Default: "plain", Doc: "anything"},
	},
}

func TestParse(t *testing.T) {
	cases := []struct{ text, want string }{
		{"", "count=3,wait=500us,word=plain"},
		{"count=5", "count=5,wait=500us,word=plain"},
		{"word=x:y,count=100", "count=100,wait=500us,word=x:y"},
		{"wait=0.02s", "count=3,wait=20ms,word=plain"}, // one spelling for one meaning
		{"wait=60s", "count=3,wait=1m0s,word=plain"},
		{"wait=0", "count=3,wait=0s,word=plain"},
		{"wait=1500ns", "count=3,wait=1.5us,word=plain"},
	}
	for _, c := range cases {
		v, err := sample.Parse(c.text)
		if err != nil || v.String() != c.want {
			t.Errorf("Parse(%q) = %s (%v), want %s", c.text, v, err, c.want)
		}
	}
}

func TestParseErrors(t *testing.T) {
	cases := []struct{ text, want string }{
		{"cuont=5", `sample has no parameter "cuont"; it has count, wait, word`},
		{"count=5,count=6", "sample: the parameter count is given twice"},
		{"count", `sample: "count" is not of the form name=value`},
		{"count=0", `sample: the parameter count is a whole number from 1 to 100, not "0"`},
		{"count=101", "from 1 to 100"},
		{"count=+5", "whole number"},
		{"count=05", "whole number"},
		{"count=", "must not be empty"},
		{"wait=5", "is a length of time from 0s to 1m0s, such as 500us"},
		{"wait=-1s", "is a length of time"},
		{"wait=61s", "is a length of time"},
		{"wait=5µs", "must not be empty nor hold"},
		{"word=a b", "must not be empty nor hold white space"},
		{"word=a=b", "must not be empty nor hold"},
		{"word=a/b", "must not be empty nor hold"},
		{"word=\"a\"", "must not be empty nor hold"},
	}
	for _, c := range cases {
		v, err := sample.Parse(c.text)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Parse(%q) = %s, %v; want an error with %q", c.text, v, err, c.want)
		}
	}
	if _, err := (Workload{Name: "bare"}).Parse("a=1"); err == nil || !strings.Contains(err.Error(), "none at all") {
		t.Errorf("a workload without parameters accepts a=1: %v", err)
	}
}

func TestValues(t *testing.T) {
	v, err := sample.Parse("count=7,wait=2s,word=w")
	if err != nil {
		t.Fatal(err)
	}
	if v.Int("count") != 7 || v.Duration("wait") != 2*time.Second || v.Text("word") != "w" {
		t.Errorf("read %d %v %s", v.Int("count"), v.Duration("wait"), v.Text("word"))
	}
	for name, misuse := range map[string]func(){
		"undeclared":     func() { v.Text("other") },
		"no number":      func() { v.Int("word") },
		"no time":        func() { v.Duration("word") },
		"time as number": func() { v.Int("wait") },
	} {
		if !panics(misuse) {
			t.Errorf("%s: asking for it did not panic", name)
		}
	}
}

func panics(f func()) (panicked bool) {
	defer func() { panicked = recover() != nil }()
	f()
	return false
}

// What Parse accepts, its canonical text gives again, and New accepts it.
func FuzzParse(f *testing.F) {
	for _, w := range All() {
		for _, rows := range w.Rows {
			for _, row := range rows {
				f.Add(row)
			}
		}
	}
	f.Add("unit=1.5us,delays=0:1000")
	f.Add("wait=1h,word==,,")
	table := append(All(), sample)
	f.Fuzz(func(t *testing.T, text string) {
		for _, w := range table {
			v, err := w.Parse(text)
			if err != nil {
				continue
			}
			again, err := w.Parse(v.String())
			if err != nil || again.String() != v.String() {
				t.Errorf("%s: %q became %q and then %q (%v)", w.Name, text, v, again, err)
			}
			if w.New == nil {
				continue
			}
			if _, err := w.New(v, ""); err != nil {
				t.Errorf("%s: New refuses %s: %v", w.Name, v, err)
			}
		}
	})
}
