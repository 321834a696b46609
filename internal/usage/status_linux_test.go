package usage

import (
	"fmt"
	"strings"
	"testing"
)

// Hostile texts must give errors and no panic.
var statusTexts = map[string]string{
	"VmHWM:\t    1724 kB\nThreads:\t9\n": "1724",
	"VmHWM:\n":                           "no number",
	"VmHWM: lots\n":                      "invalid syntax",
	"":                                   "no number",
	"XVmHWM: 3\nVmHWM:\t7":               "7",
	strings.Repeat("Vm", 1000):           "no number",
}

func TestStatusField(t *testing.T) {
	for text, want := range statusTexts {
		n, err := statusField([]byte(text), "VmHWM")
		got := fmt.Sprint(n)
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, want) {
			t.Errorf("%.40q gives %s, want %s", text, got, want)
		}
	}
}
