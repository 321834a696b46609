package usage

import (
	"runtime"
	"testing"
	"time"
)

var sink [][]byte

func TestSelfCountsWhatThisProcessDoes(t *testing.T) {
	before, err := Self()
	if err != nil {
		t.Fatal(err)
	}
	for range 1000 {
		sink = append(sink, make([]byte, 10_000))
	}
	after, err := Self()
	if err != nil {
		t.Fatal(err)
	}
	used := after.Sub(before)
	if used.Allocs < 1000 || used.AllocBytes < 1000*10_000 {
		t.Errorf("1000 allocations of 10,000 bytes count as %d of %d bytes", used.Allocs, used.AllocBytes)
	}
	if used.UserCPU < 0 || used.SystemCPU < 0 || used.VoluntarySwitches < 0 || used.InvoluntarySwitches < 0 {
		t.Errorf("counters ran backwards: %+v", used)
	}
	if runtime.GOOS == "linux" && (after.PeakRSSBytes < 1<<20 || after.Threads < 1 || after.PID == 0) {
		t.Errorf("implausible: %+v", after)
	}
	sink = nil
}

func TestAddAndSub(t *testing.T) {
	a := Process{1, 10 * time.Second, 20 * time.Second, 300, 4, 5, 6, 70, 800}
	b := Process{2, time.Second, 2 * time.Second, 30, 1, 2, 3, 10, 100}
	if got, want := a.Add(b), (Process{1, 11 * time.Second, 22 * time.Second, 330, 5, 7, 9, 80, 900}); got != want {
		t.Errorf("sum %+v, want %+v", got, want)
	}
	if got, want := a.Sub(b), (Process{1, 9 * time.Second, 18 * time.Second, 300, 3, 3, 6, 60, 700}); got != want {
		t.Errorf("difference %+v, want %+v", got, want)
	}
}

func BenchmarkSelf(b *testing.B) {
	for b.Loop() {
		if _, err := Self(); err != nil {
			b.Fatal(err)
		}
	}
}
