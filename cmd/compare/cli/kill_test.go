//go:build linux

package cli

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"juggle/harness"
	"juggle/results"
)

// SIGKILL of compare at a hundred random moments, then resume: every sample that
// was reported finished is there once, and the resumed run equals an uninterrupted
// one in cells, rounds, counts and order. The moments are taken from the start of
// a run to the end of its report; nothing that is asserted depends on them.
func TestKilledRunsGoOnWhereTheyStopped(t *testing.T) {
	if os.Getenv(killedVariable) != "" {
		t.Skip("this process is one of the test's own")
	}
	kills, seed := 100, rand.Uint64()
	if testing.Short() {
		kills = 15
	}
	t.Logf("seed %d", seed)
	k := &killer{t: t, random: rand.New(rand.NewPCG(seed, 1)), mark: killedVariable + "=" + t.TempDir()}
	t.Chdir(t.TempDir())
	k.start("run", "whole").finish()
	whole := k.check("whole")
	for n := 0; k.killed < kills; n++ {
		dir := fmt.Sprint("run-", n)
		k.untilFinished(dir, kills)
		if diff := cmp.Diff(whole, k.check(dir)); diff != "" {
			t.Fatalf("%s differs from the run that was not killed:\n%s", dir, diff)
		}
	}
	t.Logf("killed %d: %v", k.killed, k.phases)
	k.nothingRuns()
}

const killedVariable = "JUGGLE_TEST_KILLED"

// killer starts compare again and again.
type killer struct {
	t      *testing.T
	random *rand.Rand
	mark   string // an entry of the environment of all its processes
	killed int
	phases map[string]int
}

// started is a process of compare on a run folder.
type started struct {
	k       *killer
	cmd     *exec.Cmd
	stderr  bytes.Buffer
	journal string
	ended   chan error
}

func (k *killer) start(command, dir string) *started {
	args := []string{"resume", dir}
	if command == "run" {
		args = []string{
			"run", "-out", dir, "-seed", "5", "-rounds", "2", "-models", "sequential,processpool",
			"-param", "wait=0s", "-param", "latency=0s", "-param", "pages=2", "small", "scrape",
		}
	}
	s := &started{k: k, cmd: exec.Command("compare", args...), journal: filepath.Join(dir, "samples.jsonl"), ended: make(chan error, 1)}
	s.cmd.Env = append(os.Environ(), k.mark)
	s.cmd.Stdout, s.cmd.Stderr = io.Discard, &s.stderr
	if err := s.cmd.Start(); err != nil {
		k.t.Fatal(err)
	}
	go func() { s.ended <- s.cmd.Wait() }()
	return s
}

// finish waits for the end, which has to be a good one.
func (s *started) finish() {
	s.k.t.Helper()
	if err := <-s.ended; err != nil {
		s.k.t.Fatalf("%v: %v\n%s", s.cmd.Args, err, s.stderr.String())
	}
}

// killAfter kills the process when the journal has so many lines, and a moment
// later. It is false if the process was at its end before.
func (s *started) killAfter(lines int, moment time.Duration) (killed bool) {
	look := time.NewTicker(200 * time.Microsecond)
	defer look.Stop()
	for {
		select {
		case err := <-s.ended:
			s.ended <- err
			return false
		case <-look.C:
			text, _ := os.ReadFile(s.journal)
			if bytes.Count(text, []byte("\n")) < lines {
				continue
			}
		}
		break
	}
	select {
	case err := <-s.ended:
		s.ended <- err
		return false
	case <-time.After(moment):
		s.cmd.Process.Kill()
		err := <-s.ended
		s.ended <- err
		return err != nil
	}
}

// untilFinished makes a run in dir and kills it until it comes to its end, or
// there were enough kills.
func (k *killer) untilFinished(dir string, most int) {
	for {
		before, _ := os.ReadFile(filepath.Join(dir, "samples.jsonl"))
		command := "run"
		if _, err := os.Stat(filepath.Join(dir, "plan.json")); err == nil {
			command = "resume"
		}
		s := k.start(command, dir)
		if k.killed == most {
			s.finish()
			k.keeps(before, s)
			return
		}
		lines, moment := k.moment(before)
		if killed := s.killAfter(lines, moment); !killed {
			s.finish()
			k.keeps(before, s)
			return
		}
		k.killed++
		k.keeps(before, s)
	}
}

// moment chooses when to kill: after some more lines of the journal, or any time
// from the start on, where everything was measured before while the report is made.
func (k *killer) moment(journal []byte) (until int, later time.Duration) {
	if k.random.IntN(5) == 0 || bytes.Contains(journal, []byte(`,"end":{`)) {
		return 0, time.Duration(k.random.IntN(300_000)) * time.Microsecond
	}
	return bytes.Count(journal, []byte("\n")) + k.random.IntN(6), time.Duration(k.random.IntN(20_000)) * time.Microsecond
}

var roundLine = regexp.MustCompile(`(?m)^(?:round \d+: )?(\d+) samples`)

// keeps holds that the journal begins with what it was before, a torn end aside,
// and has every sample that was reported.
func (k *killer) keeps(before []byte, s *started) {
	k.t.Helper()
	now, _ := os.ReadFile(s.journal)
	whole := before[:bytes.LastIndexByte(before, '\n')+1]
	if !bytes.HasPrefix(now, whole) {
		k.t.Fatalf("%s was\n%s\nand is now\n%s", s.journal, whole, now)
	}
	samples := bytes.Count(now, []byte(`,"sample":{`))
	for _, match := range roundLine.FindAllStringSubmatch(s.stderr.String(), -1) {
		if n, _ := strconv.Atoi(match[1]); n > samples {
			k.t.Fatalf("%d samples were reported and %d are there:\n%s", n, samples, s.stderr.String())
		}
	}
	k.phase(s, now)
}

// phase counts how far the run was.
func (k *killer) phase(s *started, journal []byte) {
	if k.phases == nil {
		k.phases = make(map[string]int)
	}
	switch text := string(journal); {
	case text == "":
		k.phases["before the journal"]++
	case strings.Contains(text, `,"end":{`):
		k.phases["after the last sample"]++
	default:
		k.phases["between samples"]++
	}
}

// outcome is what must not depend on whether a run was killed.
type outcome struct {
	Rows      []results.Row
	Order     []string
	Timelines []string
	Files     []string
}

// check reads the run in dir and compares it with its own plan.
func (k *killer) check(dir string) outcome {
	k.t.Helper()
	run, err := results.Load(dir)
	if err != nil || len(run.Problems) > 0 || run.Ended == nil {
		k.t.Fatalf("%s: %v, %v, ended %v", dir, err, run.Problems, run.Ended)
	}
	o := outcome{Rows: run.Plan.Rows}
	var due []string
	for round := range run.Plan.Rounds {
		for _, s := range harness.Order(&run.Plan, round) {
			due = append(due, fmt.Sprint(len(due), " ", round, " ", s.Place, " ", s.Cell))
		}
	}
	for _, s := range run.Samples {
		o.Order = append(o.Order, fmt.Sprint(s.Seq, " ", s.Round, " ", s.Place, " ", s.Cell))
		if s.Failure != nil {
			k.t.Errorf("%v failed: %v", s.Cell, s.Failure)
		}
	}
	if diff := cmp.Diff(due, o.Order); diff != "" {
		k.t.Errorf("the order that the seed gives and that of %s:\n%s", dir, diff)
	}
	for _, l := range run.Timelines {
		o.Timelines = append(o.Timelines, l.Cell.String())
	}
	for _, r := range run.Resumed {
		if differs := r.Differences(&run.Plan); differs != nil {
			k.t.Errorf("%s was resumed %v", dir, differs)
		}
	}
	o.Files = filesIn(k.t, dir)
	return o
}

// filesIn lists the files of a run. A journal that a kill tore is kept beside the
// mended one, by design.
func filesIn(t *testing.T, dir string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		name, _ := filepath.Rel(dir, path)
		names = append(names, name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(names, func(name string) bool { return strings.HasPrefix(name, "samples.jsonl.damaged-") })
}

// nothingRuns waits until all processes are gone that were started, by whomever,
// under a compare of this test. One that stays for good fails the test.
func (k *killer) nothingRuns() {
	k.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; {
		left := processesWith(k.mark)
		if len(left) == 0 {
			return
		}
		if time.Now().After(deadline) {
			k.t.Fatalf("still running: %v", left)
		}
	}
}

// processesWith lists the processes that began with an entry in their environment.
func processesWith(entry string) (names []string) {
	files, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil || !slices.Contains(strings.Split(string(text), "\x00"), entry) {
			continue
		}
		name, _ := os.ReadFile(filepath.Join(filepath.Dir(path), "cmdline"))
		names = append(names, strings.ReplaceAll(string(name), "\x00", " "))
	}
	return names
}
