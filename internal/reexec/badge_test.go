package reexec

import (
	"strings"
	"testing"
)

func TestBadgeIsReadAsItWasWritten(t *testing.T) {
	for _, b := range []badge{{"echo", "00ff", 0}, {"pool", "1", FirstFile}, {"pool", "1", 41}} {
		if got, ok := parseBadge(b.String()); !ok || got != b {
			t.Errorf("%q is read as %+v, %v", b.String(), got, ok)
		}
	}
}

func TestBadgeRefusesWhatNobodyWrote(t *testing.T) {
	for _, text := range []string{
		"", " ", "echo", "echo 00", "echo 00 ", "echo 00 x", "echo 00 -1", "echo 00 3", "echo 00 05", "echo 00 5 6",
		" 00 5", "echo  5", "echo 00 99999999999999999999",
	} {
		if b, ok := parseBadge(text); ok || b != (badge{}) {
			t.Errorf("%q is read as %+v", text, b)
		}
	}
}

func FuzzBadge(f *testing.F) {
	f.Add("echo 00ff 0")
	f.Add("pool 00ff 7")
	f.Add("pool  7")
	f.Fuzz(func(t *testing.T, text string) {
		b, ok := parseBadge(text)
		if ok && (b.String() != text || strings.Contains(b.nonce, " ")) {
			t.Errorf("%q is read as %+v", text, b)
		}
		if ok && b.lifeline != 0 && b.lifeline < FirstFile {
			t.Errorf("the lifeline of %q is descriptor %d, which is the socket's or below", text, b.lifeline)
		}
	})
}
