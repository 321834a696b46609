package results

import (
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// written lists the fields of a record, with a dot before those of what it holds.
func written(t reflect.Type, prefix string, into map[string]bool) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || t == reflect.TypeFor[time.Time]() {
		return
	}
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name == "-":
		case f.Anonymous:
			written(f.Type, prefix, into)
		default:
			into[prefix+name] = strings.Contains(options, "omitempty")
			written(f.Type, prefix+name+".", into)
		}
	}
}

// documented reads the fields of a section of SCHEMA.md, and which are optional.
func documented(section string) map[string]bool {
	fields := make(map[string]bool)
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z0-9_.]+)` \\| ([^|]*) \\|").FindAllStringSubmatch(section, -1) {
		fields[row[1]] = strings.Contains(row[2], "optional")
	}
	return fields
}

// SCHEMA.md documents the fields that are written, all of them and no others.
func TestSchemaIsDocumented(t *testing.T) {
	text, err := os.ReadFile("SCHEMA.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(text), "# The files of a run, version 2\n") || Schema != 2 {
		t.Errorf("SCHEMA.md is not that of version %d", Schema)
	}
	records := map[string]any{
		kindJournal: header{}, kindSample: Sample{}, kindTimeline: Timeline{}, kindRound: Conditions{}, kindEnd: End{},
		kindResumed: Resumption{}, planFile: Plan{},
	}
	var found []string
	for _, section := range regexp.MustCompile(`(?m)^##+ `).Split(string(text), -1)[1:] {
		name, _, _ := strings.Cut(section, "\n")
		record, known := records[name]
		if !known {
			continue
		}
		found = append(found, name)
		want := make(map[string]bool)
		written(reflect.TypeOf(record), "", want)
		if name == kindResumed { // these are as in the plan
			maps.DeleteFunc(want, func(field string, _ bool) bool { return strings.Contains(field, ".") })
		}
		if diff := cmp.Diff(want, documented(section)); diff != "" {
			t.Errorf("%s: written (-) and documented (+) differ:\n%s", name, diff)
		}
	}
	if got, want := slices.Sorted(slices.Values(found)), slices.Sorted(maps.Keys(records)); !slices.Equal(got, want) {
		t.Errorf("SCHEMA.md has sections for %v, want %v", got, want)
	}
	for _, name := range ConditionNames() {
		if !strings.Contains(string(text), "`"+name+"`") {
			t.Errorf("SCHEMA.md does not name the condition %s", name)
		}
	}
}
