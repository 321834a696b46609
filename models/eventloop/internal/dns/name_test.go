package dns

import (
	"errors"
	"strings"
	"testing"
)

func TestParseName(t *testing.T) {
	label := strings.Repeat("x", 63)
	longest := label + "." + label + "." + label + "." + strings.Repeat("x", 61)
	for host, want := range map[string]string{
		"Example.COM":             "Example.COM.",
		"example.com.":            "example.com.",
		"_srv.x-1.example":        "_srv.x-1.example.",
		"1.2.3.example":           "1.2.3.example.",
		"localhost":               "localhost.",
		longest:                   longest + ".",
		longest + ".":             longest + ".",
		"":                        "",
		".":                       "",
		"..":                      "",
		"a..b":                    "",
		".a":                      "",
		"a.b..":                   "",
		"a b":                     "",
		"a\x00b":                  "",
		"bücher.example":          "",
		"1.2.3.4.5":               "",
		"12345":                   "",
		"x" + label:               "",
		longest + "x":             "",
		strings.Repeat("a.", 1e6): "",
	} {
		name, err := ParseName(host)
		switch {
		case want == "" && (!errors.Is(err, ErrName) || len(err.Error()) > 1000):
			t.Errorf("%.50q: %v", host, err)
		case want != "" && (err != nil || name.String() != want || !name.valid()):
			t.Errorf("%q: %v, %v", host, name, err)
		}
	}
}

func TestNamesForPeople(t *testing.T) {
	for name, want := range map[Name]string{
		Root:                     ".",
		"\x03a.b\x02\\ \x00":     `a\046b.\092\032.`,
		"\x03\x00\xffz\x01Z\x00": `\000\255z.Z.`,
	} {
		if got := name.String(); got != want || !name.valid() {
			t.Errorf("%q: %s, want %s", string(name), got, want)
		}
	}
}

func TestLowerLeavesLengthsAlone(t *testing.T) {
	a, b := mustName(t, strings.Repeat("A", 63)+".Example"), mustName(t, strings.Repeat("a", 63)+".eXAMPLE")
	if a == b || a.Lower() != b.Lower() || !a.Lower().valid() {
		t.Errorf("%v, %v", a.Lower(), b.Lower())
	}
}
