package cli

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"juggle/internal/nearest"
	"juggle/plots"
	"juggle/results"
)

var diffCommand = command{
	name: "diff", arguments: "[flags] OLD NEW",
	summary: "judge one measurement against an earlier one",
	help: "OLD and NEW are each the folder of a run or any Go benchmark file, as \"go test -bench\"\n" +
		"prints it, which may be packed by gzip; - is standard input. NEW is judged against OLD with\n" +
		"the rules of a run: paired by round where both have the same rounds, else by the exact test\n" +
		"of Mann and Whitney, corrected by Holm's method over all benchmarks in the judged units. A\n" +
		"verdict needs 4 samples on either side, and more the more benchmarks there are.\n\n" +
		failOnHelp + "\n\n" +
		"exit codes: 0 the comparison was made; 1 a file could not be read or nothing in it be judged;\n" +
		"2 the command line is wrong; 3 a condition of -fail-on holds.",
	example: "go test -bench . -count 10 | compare diff -fail-on 'slower>5%,missing' old.txt -",
	setup: func(e *environment, flags *flag.FlagSet) func(context.Context, []string) error {
		o := diffOptions{stdin: os.Stdin}
		flags.StringVar(&o.format, "format", "text", "`form` of the output: text, markdown, csv or json; the last two hold everything")
		flags.StringVar(&o.units, "units", "", "comma-separated `units` to judge (default time per op)")
		flags.StringVar(&o.failOn, "fail-on", "", "`conditions` that end with exit code 3, see above")
		flags.BoolVar(&o.all, "all", false, "show the changes in units that are not judged, and name everything that was not compared")
		return func(_ context.Context, args []string) error {
			if len(args) != 2 {
				return usagef("diff takes OLD and NEW, and %d arguments were given; see: compare help diff", len(args))
			}
			return e.diff(o, args[0], args[1])
		}
	},
}

type diffOptions struct {
	format, units, failOn string
	all                   bool
	stdin                 io.Reader
}

// diffFormats are the values of -format.
var diffFormats = []string{"text", "markdown", "csv", "json"}

// errNothingJudged ends a diff without a single verdict.
var errNothingJudged = errors.New("no benchmark is in OLD and NEW with the judged unit, so nothing was judged")

// diff judges NEW against OLD and prints it.
func (e *environment) diff(o diffOptions, before, after string) error {
	if !slices.Contains(diffFormats, o.format) {
		return usagef("no format is called %q; there are %s", o.format, nearest.List(o.format, diffFormats))
	}
	conditions, err := parseConditions(o.failOn)
	if err != nil {
		return err
	}
	if before == "-" && after == "-" {
		return usagef("OLD and NEW cannot both be the standard input")
	}
	d, err := openDiff(o, before, after)
	if err != nil {
		return err
	}
	text, err := renderDiff(d, o)
	if err != nil {
		return err
	}
	if _, err := e.stdout.Write(text); err != nil {
		return fmt.Errorf("writing the comparison: %w", err)
	}
	if d.Family == 0 {
		return errNothingJudged
	}
	return failOn(conditions, d)
}

// openDiff reads both sides and compares them.
func openDiff(o diffOptions, before, after string) (*results.Diff, error) {
	older, err := results.OpenSet(before, o.stdin)
	if err != nil {
		return nil, fmt.Errorf("OLD: %w", err)
	}
	newer, err := results.OpenSet(after, o.stdin)
	if err != nil {
		return nil, fmt.Errorf("NEW: %w", err)
	}
	var units []string
	if o.units != "" {
		units = strings.Split(o.units, ",")
	}
	return results.NewDiff(older, newer, units)
}

func renderDiff(d *results.Diff, o diffOptions) ([]byte, error) {
	var text bytes.Buffer
	switch o.format {
	case "csv":
		err := d.WriteCSV(&text)
		return text.Bytes(), err
	case "json":
		err := d.WriteJSON(&text)
		return text.Bytes(), err
	case "markdown":
		return plots.DiffMarkdown(d, o.all), nil
	}
	return plots.DiffText(d, o.all), nil
}
