package cli

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"juggle/harness/machine"
	"juggle/results"
	"juggle/workloads"
)

// laptop is a made-up machine that disturbs measurements in every way.
func laptop(t *testing.T) patient {
	root := t.TempDir()
	for name, text := range map[string]string{
		"proc/meminfo":                       "MemAvailable: 50000 kB\nSwapTotal: 3000 kB\nSwapFree: 1000 kB\n",
		"sys/class/power_supply/BAT0/status": "Discharging\n",
	} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	host := results.Host{
		CPUs: 1, OnlineCPUs: 4, GOMAXPROCS: 1, Governor: "powersave", Boost: "on", SMT: "on",
		Virtualization: "QEMU\x1b[31m", CPUQuota: "0.5", OpenFiles: "256", Threads: "20", HugePages: "always", ASLR: "off", ClockSource: "hpet",
	}
	return patient{machine.Source{Root: root}, host, results.Conditions{Seconds: 1, Values: results.Costs{
		results.OthersCPU: 0.9, results.StealCPU: 0.1, results.ThrottledPeriods: 4,
		results.CPUPressure: 0.5, results.IOPressure: 0.2, results.MemoryPressure: 0.02,
	}}}
}

func TestDoctorOfALaptop(t *testing.T) {
	out := &strings.Builder{}
	e := &environment{table: workloads.All(), stdout: out, stderr: out}
	if err := e.doctor(laptop(t), workloads.Full); !errors.Is(err, errProblem) {
		t.Errorf("ends with %v", err)
	}
	text := withoutEstimates(out.String())
	golden := filepath.Join("testdata", "doctor.txt")
	if *update {
		if err := os.WriteFile(golden, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), text); diff != "" {
		t.Error(diff)
	}
}

// withoutEstimates leaves out the numbers that depend on the CPUs of the machine
// that the test runs on.
func withoutEstimates(text string) string {
	var kept []string
	for line := range strings.Lines(text) {
		if before, after, found := strings.Cut(line, "about "); found {
			_, after, _ = strings.Cut(after, "(estimated")
			line = before + "about … (estimated" + after
		}
		kept = append(kept, line)
	}
	return strings.Join(kept, "")
}

// A system without /proc and /sys has no problem, and no line that claims one.
func TestDoctorWhereTheSystemTellsNothing(t *testing.T) {
	out := &strings.Builder{}
	e := &environment{table: workloads.All(), stdout: out, stderr: out}
	p := patient{machine.Source{Root: t.TempDir()}, results.Host{OS: "darwin", CPUs: 8, GOMAXPROCS: 8}, results.Conditions{Seconds: 1}}
	if err := e.doctor(p, ""); err != nil {
		t.Errorf("ends with %v", err)
	}
	if n := strings.Count(out.String(), "this system does not tell"); n != 18 || strings.Contains(out.String(), "problem ") {
		t.Errorf("%d lines say that the system does not tell:\n%s", n, out)
	}
}

// What is found here depends on the machine; that each subject has its line does
// not, nor that the exit code follows the lines.
func TestDoctorOfThisMachine(t *testing.T) {
	var out, complaint strings.Builder
	code := run(t.Context(), workloads.All(), []string{"doctor", "-tier", "quick"}, &out, &complaint)
	want := exitRight
	if strings.Contains("\n"+out.String(), "\nproblem ") {
		want = exitFailed
	}
	if code != want || !strings.Contains(out.String(), " busy CPUs ") || !strings.Contains(out.String(), " quick tier ") || strings.Contains(out.String(), " full tier ") {
		t.Errorf("exit code %d, want %d:\n%s%s", code, want, &out, &complaint)
	}
}
