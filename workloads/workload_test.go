package workloads

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
)

// small holds a row of each workload that is over at once.
var small = map[string]string{
	"sleepers":   "delays=3:1:2:0,unit=1us",
	"scrape":     "pages=5,latency=0s",
	"primes":     "below=10000,segments=4,times=2",
	"mandelbrot": "size=200,band=48,frames=2",
}

func TestRowsOfAllTiers(t *testing.T) {
	for _, w := range All() {
		for _, tier := range Tiers() {
			rows, err := w.RowsOf(tier, nil)
			if err != nil || len(rows) == 0 {
				t.Errorf("%s has %d rows in the tier %s: %v", w.Name, len(rows), tier, err)
			}
			for _, v := range rows {
				if in, err := w.New(v, "127.0.0.1:1"); err != nil || in.Tasks < 1 || in.Check == nil || in.Body == nil {
					t.Errorf("%s makes no instance of %s: %v", w.Name, v, err)
				}
			}
		}
	}
}

func TestTimelineIsSmall(t *testing.T) {
	for _, w := range All() {
		v, err := w.Parse(w.Timeline)
		if err != nil {
			t.Errorf("the timeline of %s: %v", w.Name, err)
			continue
		}
		if in, err := w.New(v, ""); err != nil || in.Tasks < 2 || in.Tasks > 16 {
			t.Errorf("the timeline of %s has %d tasks instead of 2 to 16 (%v)", w.Name, in.Tasks, err)
		}
	}
}

// Every task answers the same in a plain loop, alone, and in reverse: it
// depends on its index alone.
func TestAnswersDependOnIndexAlone(t *testing.T) {
	for _, w := range All() {
		t.Run(w.Name, func(t *testing.T) {
			leavesNothing(t)
			in := makeInstance(t, w, small[w.Name])
			answers := runInTurn(t, in)
			if err := in.Check(answers); err != nil {
				t.Fatalf("the answers of a plain loop are refused: %v", err)
			}
			for i := range slices.Backward(answers) {
				again, err := in.Body(plainEnv{t.Context(), in.Compute}, i)
				if err != nil || !bytes.Equal(again, answers[i]) {
					t.Errorf("task %d answered %x, then %x (%v)", i, answers[i], again, err)
				}
			}
			if in.Close != nil {
				in.Close()
			}
		})
	}
}

// Check names the first task whose answer is wrong, whatever is wrong with it.
func TestCheckNamesWrongTask(t *testing.T) {
	flip := func(at func(answer []byte) int) func([][]byte) [][]byte {
		return func(a [][]byte) [][]byte { a[2][at(a[2])] ^= 1; return a }
	}
	wrong := []struct {
		name   string
		task   int
		change func([][]byte) [][]byte
	}{
		{"swapped", 1, func(a [][]byte) [][]byte { a[1], a[2] = a[2], a[1]; return a }},
		{"last is missing", -1, func(a [][]byte) [][]byte { return a[:len(a)-1] }},
		{"all are missing", 0, func(a [][]byte) [][]byte { return nil }},
		{"one is nil", 2, func(a [][]byte) [][]byte { a[2] = nil; return a }},
		{"one is left out", -1, func(a [][]byte) [][]byte { return slices.Delete(a, 2, 3) }},
		{"extra", -1, func(a [][]byte) [][]byte { return append(a, a[0]) }},
		{"truncated", 2, func(a [][]byte) [][]byte { a[2] = a[2][:len(a[2])-1]; return a }},
		{"one byte alone", 2, func(a [][]byte) [][]byte { a[2] = a[2][:1]; return a }},
		{"a byte too many", 2, func(a [][]byte) [][]byte { a[2] = append(a[2], 0); return a }},
		{"a byte wandered", 1, func(a [][]byte) [][]byte {
			a[2] = append(a[1][len(a[1])-1:], a[2]...)
			a[1] = a[1][:len(a[1])-1]
			return a
		}},
		{"first bit flipped", 2, flip(func([]byte) int { return 0 })},
		{"middle bit flipped", 2, flip(func(a []byte) int { return len(a) / 2 })},
		{"last bit flipped", 2, flip(func(a []byte) int { return len(a) - 1 })},
		{"all are the first", 1, func(a [][]byte) [][]byte {
			for i := range a {
				a[i] = a[0]
			}
			return a
		}},
	}
	for _, w := range All() {
		in := makeInstance(t, w, small[w.Name])
		right := runInTurn(t, in)
		for _, c := range wrong {
			copied := make([][]byte, len(right))
			for i := range right {
				copied[i] = bytes.Clone(right[i])
			}
			changed := c.change(copied)
			want := c.task
			if want < 0 { // seen by their number: the first task or answer without the other
				want = min(len(changed), in.Tasks)
			}
			err := in.Check(changed)
			var wrong *AnswerError
			if !errors.As(err, &wrong) || wrong.Task != want {
				t.Errorf("%s, %s: got the error %v, want one of task %d", w.Name, c.name, err, want)
			}
		}
	}
}

func TestFind(t *testing.T) {
	if w, err := Find(All(), "primes"); err != nil || w.Name != "primes" {
		t.Errorf("found %q (%v)", w.Name, err)
	}
	_, err := Find(All(), "scrap")
	if want := `no workload is called "scrap"; there are scrape, sleepers, primes, mandelbrot`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestRowsOf(t *testing.T) {
	w := Workload{
		Name: "w", Params: []Param{Int("a", 1, 0, 9, "a"), Int("b", 2, 0, 9, "b")},
		Rows: map[Tier][]string{Quick: {"a=3", "a=4,b=5"}, Full: {"", "b=9"}},
	}
	cases := []struct {
		tier     Tier
		override map[string]string
		want     string
	}{
		{Quick, nil, "a=3,b=2 a=4,b=5"},
		{Standard, nil, "a=3,b=2 a=4,b=5"}, // the next smaller tier's
		{Full, nil, "a=1,b=2 a=1,b=9"},
		{Quick, map[string]string{"a": "7"}, "a=7,b=2 a=7,b=5"},
		{Quick, map[string]string{"a": "7", "b": "7"}, "a=7,b=7"}, // equal rows once
		{Full, map[string]string{"other": "x"}, "a=1,b=2 a=1,b=9"},
	}
	for _, c := range cases {
		rows, err := w.RowsOf(c.tier, c.override)
		var texts []string
		for _, v := range rows {
			texts = append(texts, v.String())
		}
		if got := strings.Join(texts, " "); err != nil || got != c.want {
			t.Errorf("RowsOf(%s, %v) = %s (%v), want %s", c.tier, c.override, got, err, c.want)
		}
	}
	if _, err := w.RowsOf(Quick, map[string]string{"a": "10"}); err == nil {
		t.Error("an override out of range was accepted")
	}
	if rows, err := (Workload{Name: "bare"}).RowsOf(Full, nil); err != nil || len(rows) != 1 || rows[0].String() != "" {
		t.Errorf("a workload without rows has %v (%v)", rows, err)
	}
}

func TestJob(t *testing.T) {
	in := makeInstance(t, Primes, small["primes"])
	job := in.Job("primes", []byte("params"))
	if job.Name != "primes" || string(job.Params) != "params" || job.N != in.Tasks || job.Body == nil || job.Compute == nil {
		t.Errorf("the job is %+v", job)
	}
}
