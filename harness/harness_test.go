package harness

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"juggle/models"
	"juggle/results"
	"juggle/workloads"
)

func TestMain(m *testing.M) {
	Serve(testTable())
	// A race-detecting process sleeps a second at its end otherwise, and these
	// tests end hundreds.
	os.Setenv("GORACE", "atexit_sleep_ms=0 "+os.Getenv("GORACE"))
	os.Exit(m.Run())
}

// testTable is juggle's table and workloads that misbehave.
func testTable() []workloads.Workload { return append(workloads.All(), tame, naughty, chatty) }

// tame has tasks that answer with their index, and a twin.
var tame = workloads.Workload{
	Name: "tame", Group: workloads.Mixed, Isolates: "nothing much",
	Params: []workloads.Param{workloads.Int("tasks", 8, 0, 100_000, "number of tasks")},
	Rows:   map[workloads.Tier][]string{workloads.Quick: {"tasks=8"}, workloads.Full: {"tasks=9", "tasks=10"}},
	New: func(v workloads.Values, _ string) (*workloads.Instance, error) {
		n := v.Int("tasks")
		return &workloads.Instance{
			Tasks: n,
			Body: func(env models.Env, i int) ([]byte, error) {
				answer, err := env.Offload(fmt.Append(nil, i))
				return answer, errors.Join(err, env.Sleep(time.Millisecond), env.Yield())
			},
			Compute: func(input []byte) ([]byte, error) { return input, nil },
			Check: func(answers [][]byte) error {
				for i := range n {
					if string(answers[i]) != fmt.Sprint(i) {
						return fmt.Errorf("task %d answered %q", i, answers[i])
					}
				}
				return nil
			},
			Law: workloads.Law{Waits: slices.Repeat([]time.Duration{time.Millisecond}, n)},
			Twins: map[string]workloads.Twin{"sequential": func(context.Context) (answers [][]byte, err error) {
				for i := range n {
					answers = append(answers, fmt.Append(nil, i))
				}
				return answers, nil
			}},
			Descriptors: n,
		}, nil
	},
}

// naughty misbehaves in the way its parameter names, in task 5 alone: the
// warm-up, which runs the first tasks, passes.
var naughty = workloads.Workload{
	Name: "naughty", Group: workloads.Mixed, Isolates: "failures", Timeline: "-",
	Params: []workloads.Param{{Name: "how", Default: "lie", Doc: "lie, fail, panic, exit or hang"}},
	New: func(v workloads.Values, _ string) (*workloads.Instance, error) {
		how := v.Text("how")
		if how == "refuse" {
			return nil, errors.New("refused")
		}
		return &workloads.Instance{
			Tasks: 8,
			Body: func(env models.Env, i int) ([]byte, error) {
				if i != 5 {
					return nil, nil
				}
				switch how {
				case "lie":
					return []byte("five"), nil
				case "fail":
					return nil, errors.New("five fails")
				case "panic":
					panicOnFive()
				case "exit":
					fmt.Println("goodbye")
					os.Exit(3)
				}
				return nil, env.Sleep(time.Hour)
			},
			Check: func(answers [][]byte) error {
				for i, a := range answers {
					if len(a) > 0 {
						return fmt.Errorf("task %d answered %q", i, a)
					}
				}
				return nil
			},
		}, nil
	},
}

//go:noinline
func panicOnFive() { panic("five panics") }

// chatty talks to a fixture.
var chatty = workloads.Workload{
	Name: "chatty", Group: workloads.IOBound, Isolates: "a fixture",
	Params: []workloads.Param{{Name: "fixture", Default: "good", Doc: "good or bad"}},
	Fixture: func(ctx context.Context, v workloads.Values) (string, error) {
		if v.Text("fixture") == "bad" {
			return "", errors.New("no room at the inn")
		}
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return "", err
		}
		context.AfterFunc(ctx, func() { l.Close() })
		go func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				go func() {
					defer conn.Close()
					var b [8]byte
					n, _ := conn.Read(b[:])
					conn.Write(bytes.ToUpper(b[:n]))
				}()
			}
		}()
		return l.Addr().String(), nil
	},
	New: func(v workloads.Values, address string) (*workloads.Instance, error) {
		return &workloads.Instance{
			Tasks: 4,
			Body: func(env models.Env, i int) ([]byte, error) {
				conn, err := env.Dial("tcp", address)
				if err != nil {
					return nil, err
				}
				defer conn.Close()
				if _, err := conn.Write([]byte("hello")); err != nil {
					return nil, err
				}
				answer := make([]byte, 8)
				n, err := conn.Read(answer)
				return answer[:n], err
			},
			Check: func(answers [][]byte) error {
				for i, a := range answers {
					if string(a) != "HELLO" {
						return fmt.Errorf("task %d answered %q", i, a)
					}
				}
				return nil
			},
		}, nil
	},
}

// generous is a deadline that no healthy sample comes near.
const generous = 5 * time.Minute

func newExecutor(t *testing.T) *Processes {
	t.Helper()
	p := NewProcesses(Options{Table: testTable()})
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func allModels() []models.Model { return slices.Concat(models.All(), models.Variants()) }

func TestSampleOfEveryModel(t *testing.T) {
	p := newExecutor(t)
	var digest string
	for _, m := range allModels() {
		c := results.Cell{Workload: "tame", Params: "tasks=8", Model: m.Name()}
		s, err := p.Sample(t.Context(), Step{Cell: c}, generous)
		if err != nil || s.Failure != nil {
			t.Fatalf("%s: %v, %+v", m.Name(), err, s.Failure)
		}
		for _, metric := range results.Metrics() {
			value, measured := s.Costs[metric.Unit]
			_, reasoned := s.NotMeasured[metric.Unit]
			if metric.Unit == results.FixtureCPU {
				continue // tame has no fixture
			}
			if measured == reasoned || value < 0 {
				t.Errorf("%s: %s = %v, measured %v, not measured because %q", m.Name(), metric.Unit, value, measured, s.NotMeasured[metric.Unit])
			}
		}
		if wall := s.Costs[results.Wall]; wall < 1e6 {
			t.Errorf("%s: tasks that sleep 1 ms took %v ns", m.Name(), wall)
		}
		if m.Name() == "sequential" && s.Costs[results.PeakInFlight] != 1 {
			t.Errorf("sequential had %v tasks in flight", s.Costs[results.PeakInFlight])
		}
		if digest == "" {
			digest = s.Answer
		}
		if s.Answer != digest {
			t.Errorf("%s: answers %s, another model's %s", m.Name(), s.Answer, digest)
		}
	}
}

func TestSampleOfATwin(t *testing.T) {
	p := newExecutor(t)
	c := results.Cell{Workload: "tame", Params: "tasks=8", Model: "sequential-native"}
	twin := results.PlannedCell{Role: results.RoleTwin, Runs: "sequential"}
	s, err := p.Sample(t.Context(), Step{Cell: c, Planned: twin}, generous)
	if err != nil || s.Failure != nil {
		t.Fatalf("%v, %+v", err, s.Failure)
	}
	if s.Costs[results.Wall] == 0 || s.NotMeasured[results.LatencyP50] == "" {
		t.Errorf("costs %v, not measured %v", s.Costs, s.NotMeasured)
	}
	c.Model, twin.Runs = "eventloop-native", "eventloop"
	if s, err = p.Sample(t.Context(), Step{Cell: c, Planned: twin}, generous); err != nil || s.Failure == nil ||
		!strings.Contains(s.Failure.Message, "no native twin") {
		t.Errorf("a twin that does not exist: %v, %+v", err, s.Failure)
	}
}

func TestFailuresAreRecorded(t *testing.T) {
	p := newExecutor(t)
	for _, c := range []struct{ how, model, kind, message string }{
		{"lie", "sequential", results.FailWrongAnswer, "task 5"},
		{"lie", "processpool", results.FailWrongAnswer, "task 5"},
		{"fail", "goroutines", results.FailError, "task 5 of naughty: five fails"},
		{"panic", "eventloop", results.FailError, "panicOnFive"},
		{"panic", "processpool", results.FailError, "panicOnFive"},
		{"exit", "sequential", results.FailCrash, "goodbye"},
		{"exit", "processpool", results.FailError, "task 5"},
		{"refuse", "sequential", results.FailError, "refused"},
		{"lie", "nonesuch", results.FailError, "no model is called"},
	} {
		cell := results.Cell{Workload: "naughty", Params: "how=" + c.how, Model: c.model}
		s, err := p.Sample(t.Context(), Step{Cell: cell}, generous)
		if err != nil || s.Failure == nil {
			t.Errorf("%s under %s: %v, failure %v", c.how, c.model, err, s.Failure)
			continue
		}
		if s.Failure.Kind != c.kind || !strings.Contains(s.Failure.Message, c.message) || s.Costs != nil {
			t.Errorf("%s under %s: %s: %s; costs %v", c.how, c.model, s.Failure.Kind, s.Failure.Message, s.Costs)
		}
	}
}

func TestHangingSampleMeetsItsDeadline(t *testing.T) {
	p := newExecutor(t)
	for _, model := range []string{"goroutines", "eventloop", "processpool"} {
		c := results.Cell{Workload: "naughty", Params: "how=hang", Model: model}
		s, err := p.Sample(t.Context(), Step{Cell: c}, 200*time.Millisecond)
		if err != nil || s.Failure == nil || s.Failure.Kind != results.FailDeadline {
			t.Errorf("%s: %v, %+v", model, err, s.Failure)
		}
	}
}

func TestCancelEndsTheSample(t *testing.T) {
	p := newExecutor(t)
	enough := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	timer := time.AfterFunc(100*time.Millisecond, func() { cancel(enough) })
	defer timer.Stop()
	c := results.Cell{Workload: "naughty", Params: "how=hang", Model: "goroutines"}
	if _, err := p.Sample(ctx, Step{Cell: c}, generous); !errors.Is(err, enough) {
		t.Errorf("got %v", err)
	}
}

func TestFixtureServesManySamples(t *testing.T) {
	p := newExecutor(t)
	for _, m := range allModels() {
		c := results.Cell{Workload: "chatty", Params: "fixture=good", Model: m.Name()}
		s, err := p.Sample(t.Context(), Step{Cell: c}, generous)
		if err != nil || s.Failure != nil {
			t.Fatalf("%s: %v, %+v", m.Name(), err, s.Failure)
		}
		if _, measured := s.Costs[results.FixtureCPU]; !measured {
			t.Errorf("%s: the fixture's CPU time is missing: %v", m.Name(), s.Costs)
		}
	}
	if len(p.fixtures) != 1 {
		t.Errorf("%d fixtures for one row", len(p.fixtures))
	}
	for _, f := range p.fixtures { // one that dies is started again
		f.child.Kill()
	}
	c := results.Cell{Workload: "chatty", Params: "fixture=good", Model: "sequential"}
	if s, err := p.Sample(t.Context(), Step{Cell: c}, generous); err != nil || s.Failure != nil {
		t.Errorf("after the fixture died: %v, %+v", err, s.Failure)
	}
	c.Params = "fixture=bad"
	if s, err := p.Sample(t.Context(), Step{Cell: c}, generous); err != nil || s.Failure == nil ||
		!strings.Contains(s.Failure.Message, "no room at the inn") {
		t.Errorf("a fixture that cannot start: %v, %+v", err, s.Failure)
	}
}

func TestTimelineHoldsTheTasks(t *testing.T) {
	p := newExecutor(t)
	for _, m := range allModels() {
		c := results.Cell{Workload: "tame", Params: "tasks=8", Model: m.Name()}
		tl, err := p.Timeline(t.Context(), c, generous)
		if err != nil {
			t.Fatal(err)
		}
		if tl.Cell != c || len(tl.Lanes) != 8 {
			t.Fatalf("%s: %d lanes of %v", m.Name(), len(tl.Lanes), tl.Cell)
		}
		for i, lane := range tl.Lanes {
			var at int64
			waited := false
			for _, s := range lane.Spans {
				if s.FromNS < at || s.ToNS <= s.FromNS || s.ToNS > tl.WallNS+int64(time.Millisecond) {
					t.Errorf("%s: task %d has the span %+v after %d ns in a region of %d ns", m.Name(), i, s, at, tl.WallNS)
				}
				at = s.ToNS
				waited = waited || s.State == results.Waiting
			}
			// A loop tells when it switches away from a task, which is a little
			// after the sleep has begun, so the wait alone may be shorter.
			if slept := at - lane.Spans[0].FromNS; !waited || slept < int64(time.Millisecond) {
				t.Errorf("%s: task %d slept for 1 ms, and shows %d ns, a wait among them: %t", m.Name(), i, slept, waited)
			}
		}
	}
}

func TestNewPlan(t *testing.T) {
	plan, err := NewPlan(Options{Table: testTable(), Workloads: []string{"tame"}, Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	var cells []string
	for _, c := range plan.Rows[0].Cells {
		cells = append(cells, fmt.Sprintf("%s/%s/%s", c.Model, c.Role, c.Against))
	}
	want := "sequential/model/ goroutines/model/sequential eventloop/model/sequential processpool/model/sequential sequential-native/twin/sequential" +
		" sequential-again/control/sequential sequential+5%/control/sequential"
	if got := strings.Join(cells, " "); got != want {
		t.Errorf("cells are\n%s, want\n%s", got, want)
	}
	if control := plan.Rows[1]; !control.IsControl() || plan.Rows[0].IsControl() || len(control.Cells) != 4 {
		t.Errorf("the last row is %+v", control)
	}
	if plan.Rounds < 1000 || plan.MinRounds != 10 || plan.Seed != 3 || plan.BaseModel != "sequential" || plan.Host.CPUs == 0 || len(plan.Build.BinarySHA256) != 64 {
		t.Errorf("plan %+v", plan)
	}
	if law := plan.Rows[0].Cells[0].Predicted; law == nil || law.WaitSeconds != 0.008 {
		t.Errorf("the law for sequential is %+v", law)
	}
	full, err := NewPlan(Options{
		Table: testTable(), Workloads: []string{"tame"}, Tier: workloads.Full,
		Models: []string{"gil", "sequential", "gil"}, Params: map[string]string{"tasks": "5"}, Rounds: 2, Variants: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(full.Rows); n != 2 || full.Rows[0].Params != "tasks=5" || full.Rounds != 2 || full.MinRounds != 0 || len(full.Rows[0].Cells) != 7 {
		t.Errorf("full tier: %+v", full)
	}
}

func TestSelectionsThatDoNotExist(t *testing.T) {
	for want, o := range map[string]Options{
		`no workload is called "tamme"; there are tame,`:                        {Workloads: []string{"tamme"}},
		`no model is called "gorutines"; there are goroutines,`:                 {Models: []string{"gorutines"}},
		`no tier is called "quik"; there are quick,`:                            {Tier: "quik"},
		`no chosen workload has a parameter "task"; they have tasks`:            {Workloads: []string{"tame"}, Params: map[string]string{"task": "1"}},
		`tame: the parameter tasks is a whole number from 0 to 100000, not "x"`: {Workloads: []string{"tame"}, Params: map[string]string{"tasks": "x"}},
		`the number of rounds is 1 to 10000, not -1`:                            {Workloads: []string{"tame"}, Rounds: -1},
	} {
		o.Table = testTable()
		_, err := NewPlan(o)
		selection := (*SelectionError)(nil)
		if !errors.As(err, &selection) || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %v, want %s…", err, want)
		}
	}
}

func TestTooFewDescriptorsAreSaidBefore(t *testing.T) {
	limit := descriptorLimit()
	if limit == 0 || limit > 90_000 {
		t.Skipf("the limit of this machine is %d", limit)
	}
	_, err := NewPlan(Options{Table: testTable(), Workloads: []string{"tame"}, Params: map[string]string{"tasks": fmt.Sprint(limit)}})
	short := (*ResourceError)(nil)
	if !errors.As(err, &short) || !strings.Contains(err.Error(), "ulimit -n") {
		t.Errorf("got %v", err)
	}
}

func TestAdviceAboutOneCPU(t *testing.T) {
	plan := &results.Plan{Host: results.Host{GOMAXPROCS: 1}, Rows: []results.Row{
		{Workload: "waits", Group: string(workloads.IOBound)}, {Workload: "computes", Group: string(workloads.CPUBound)},
	}}
	if a := Advice(plan); len(a) != 1 || !strings.Contains(a[0], "computes") {
		t.Errorf("advice %q", a)
	}
	if plan.Host.GOMAXPROCS = 2; len(Advice(plan)) != 0 {
		t.Error("advice where there is no need")
	}
}

func TestResumableRefusesWhatDoesNotCompare(t *testing.T) {
	plan, err := NewPlan(Options{Table: testTable(), Workloads: []string{"tame"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Resumable(plan, testTable(), false); err != nil {
		t.Errorf("the same build on the same machine: %v", err)
	}
	for want, change := range map[string]func(*results.Plan){
		"another build":    func(p *results.Plan) { p.Build.BinarySHA256 = "00" },
		"another machine":  func(p *results.Plan) { p.Host.CPUs++ },
		"no workload is":   func(p *results.Plan) { p.Rows = []results.Row{{Workload: "gone"}} },
		"has no parameter": func(p *results.Plan) { p.Rows = []results.Row{{Workload: "tame", Params: "x=1"}} },
	} {
		changed := *plan
		change(&changed)
		if _, err := Resumable(&changed, testTable(), false); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func TestEnvelopes(t *testing.T) {
	sealed := seal([]byte("answer"), []stamp{1, 2, 3, 4})
	e, err := open(sealed)
	if err != nil || string(e.answer) != "answer" || !slices.Equal(e.stamps, []stamp{1, 2, 3, 4}) || e.pid != os.Getpid() {
		t.Errorf("%+v, %v", e, err)
	}
	for n := range sealed { // cut anywhere, it is refused or has fewer bytes, and never panics
		if e, err := open(sealed[n:]); err == nil && n > len("answer") {
			t.Errorf("without its first %d bytes: %+v", n, e)
		}
		open(sealed[:n])
	}
}

func TestPercentileAndPeak(t *testing.T) {
	values := make([]stamp, 100)
	for i := range values {
		values[i] = stamp(i + 1)
	}
	if p50, p99 := percentile(values, 50), percentile(values, 99); p50 != 50 || p99 != 99 {
		t.Errorf("of 1 to 100: p50 %d, p99 %d", p50, p99)
	}
	if p := percentile(values[:3], 99); p != 3 {
		t.Errorf("of 1 to 3: p99 %d", p)
	}
	tasks := []envelope{{stamps: []stamp{0, 10}}, {stamps: []stamp{10, 20}}, {stamps: []stamp{5, 15}}}
	if peak := peakInFlight(tasks); peak != 2 {
		t.Errorf("peak %d", peak)
	}
}
