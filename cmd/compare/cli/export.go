package cli

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"juggle/internal/nearest"
	"juggle/results"
)

var exportFormats = []string{"csv", "json", "openmetrics"}

var exportCommand = command{
	name: "export", arguments: "-format FORM [-out FILE] RUN",
	summary: "write a run for other programs: csv, json or openmetrics",
	help: "RUN is the folder of a run. csv has a line per sample with a column per metric, json the\n" +
		"verdicts and summaries with their intervals, where null is what is infinite or no number, and\n" +
		"openmetrics the medians, speed-ups and verdicts in base units (seconds, bytes).",
	example: "compare export -format csv -out samples.csv results/reference/quick",
	setup: func(e *environment, flags *flag.FlagSet) func(context.Context, []string) error {
		format := flags.String("format", "", "`form` of the output: csv, json or openmetrics")
		out := flags.String("out", "", "`file` to write, which is replaced when the new text is whole (default standard output)")
		return func(_ context.Context, args []string) error {
			if !slices.Contains(exportFormats, *format) {
				return usagef("export needs -format, and no format is called %q; there are %s", *format, nearest.List(*format, exportFormats))
			}
			dir, err := oneArgument("export", "the folder of a run", args)
			if err != nil {
				return err
			}
			return e.export(dir, *format, *out)
		}
	},
}

// export writes a run in another format.
func (e *environment) export(dir, format, out string) error {
	run, err := results.Load(dir)
	if err != nil {
		return err
	}
	if err := replaceable(out, run.Dir); err != nil {
		return err
	}
	e.printProblems(run)
	var text bytes.Buffer
	switch format {
	case "csv":
		err = results.WriteSamplesCSV(&text, run)
	case "json":
		err = results.Analyze(run).WriteJSON(&text)
	default:
		err = results.Analyze(run).WriteOpenMetrics(&text)
	}
	switch {
	case err != nil:
		return err
	case out == "":
		_, err = e.stdout.Write(text.Bytes())
	default:
		err = results.ReplaceFile(out, text.Bytes())
	}
	if err != nil {
		return fmt.Errorf("writing the export: %w", err)
	}
	if n := len(run.Problems) + run.MoreProblems; n > 0 {
		return fmt.Errorf("problems in the files of %s: %d, named above; the export is made of what is good", dir, n)
	}
	return nil
}

// replaceable reports why a file must not be replaced by an export: a rename
// would take the place of a device, and the journal is all there is of a run.
func replaceable(out, dir string) error {
	info, err := os.Stat(out)
	switch {
	case out == "" || errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.IsDir():
		return usagef("-out %s is a folder; name a file in it", out)
	case !info.Mode().IsRegular():
		return usagef("-out %s is no regular file; leave -out away and redirect the standard output", out)
	}
	for _, name := range []string{"plan.json", "samples.jsonl"} {
		if own, err := os.Stat(filepath.Join(dir, name)); err == nil && os.SameFile(own, info) {
			return usagef("-out %s is the run's own %s; name another file", out, name)
		}
	}
	return nil
}
