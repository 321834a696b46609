package cli

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"juggle/harness"
	"juggle/models"
	"juggle/workloads"
)

var update = flag.Bool("update", false, "rewrite the golden files and scripts from what the code gives")

// testTable is small and quick, with one workload that fails when asked to.
var testTable = []workloads.Workload{small, workloads.Sleepers, workloads.Scrape}

var small = workloads.Workload{
	Name: "small", Group: workloads.CPUBound, Isolates: "next to nothing",
	Params: []workloads.Param{
		workloads.Int("tasks", 4, 0, 100_000, "number of tasks"),
		{Name: "fail", Default: "none", Doc: "the model under which task 2 fails"},
		workloads.Duration("wait", time.Millisecond, 0, time.Hour, "sleep of a task"),
	},
	New: func(v workloads.Values, _ string) (*workloads.Instance, error) {
		n, fail, wait := v.Int("tasks"), v.Text("fail"), v.Duration("wait")
		return &workloads.Instance{
			Tasks: n, Descriptors: n,
			Body: func(env models.Env, i int) ([]byte, error) {
				if i == 2 && fail == modelOf(env) {
					return nil, errors.New("told to fail")
				}
				return fmt.Append(nil, i), env.Sleep(wait)
			},
			Check: func(answers [][]byte) error {
				for i, a := range answers {
					if string(a) != fmt.Sprint(i) {
						return fmt.Errorf("task %d answered %q", i, a)
					}
				}
				return nil
			},
			Inexpressible: map[string]string{"threads": "it is too small"},
		}, nil
	},
}

// modelOf guesses the model from the type of its env.
func modelOf(env models.Env) string {
	if strings.Contains(fmt.Sprintf("%T", env), "loop") {
		return "eventloop"
	}
	return "another"
}

func TestMain(m *testing.M) {
	harness.Serve(testTable)
	// A race-detecting process sleeps a second at its end otherwise, and these
	// tests end hundreds.
	os.Setenv("GORACE", "atexit_sleep_ms=0 "+os.Getenv("GORACE"))
	testscript.Main(m, map[string]func(){
		"compare": func() { execute(testTable) },
		// A file over its limit is a failed write then, and not the end of the process.
		"compare-without-sigxfsz": func() { ignoreFileLimit(); execute(testTable) },
	})
}

// TestScripts runs every script of testdata/script: the command as people use
// it, with the real processes.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           filepath.Join("testdata", "script"),
		UpdateScripts: *update,
		Setup: func(env *testscript.Env) error {
			env.Setenv("GORACE", os.Getenv("GORACE"))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"unfinish": unfinish, "spoil": spoil, "interrupt": interrupt, "nothing-left": nothingLeft, "spoil-plan": spoilPlan,
		},
	})
}

// unfinish cuts the journal of a run after a number of lines.
func unfinish(ts *testscript.TestScript, _ bool, args []string) {
	path := ts.MkAbs(filepath.Join(args[0], "samples.jsonl"))
	lines := strings.SplitAfter(ts.ReadFile(path), "\n")
	var keep int
	if _, err := fmt.Sscan(args[1], &keep); err != nil || keep > len(lines) {
		ts.Fatalf("cannot keep %s of %d lines", args[1], len(lines))
	}
	ts.Check(os.WriteFile(path, []byte(strings.Join(lines[:keep], "")), 0o644))
}

// spoil replaces the first occurrence of a text in a file.
func spoil(ts *testscript.TestScript, _ bool, args []string) {
	text := ts.ReadFile(args[0])
	if !strings.Contains(text, args[1]) {
		ts.Fatalf("%s does not hold %q", args[0], args[1])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.Replace(text, args[1], args[2], 1)), 0o644))
}

// spoilPlan replaces a text in the plan of a run, and has the journal say that it
// was always like that.
func spoilPlan(ts *testscript.TestScript, _ bool, args []string) {
	path := ts.MkAbs(filepath.Join(args[0], "plan.json"))
	before := []byte(ts.ReadFile(path))
	after := bytes.Replace(before, []byte(args[1]), []byte(args[2]), 1)
	ts.Check(os.WriteFile(path, after, 0o644))
	sum := func(text []byte) string {
		return fmt.Sprintf("%08x", crc32.Checksum(text, crc32.MakeTable(crc32.Castagnoli)))
	}
	journal := ts.MkAbs(filepath.Join(args[0], "samples.jsonl"))
	first, rest, _ := strings.Cut(ts.ReadFile(journal), "\n")
	first = strings.Replace(first, sum(before), sum(after), 1)
	_, header, _ := strings.Cut(first, `"journal":`)
	header = strings.TrimSuffix(header, "}")
	first = fmt.Sprintf(`{"crc32c":%q,"journal":%s}`, sum([]byte(header)), header)
	ts.Check(os.WriteFile(journal, []byte(first+"\n"+rest), 0o644))
}
