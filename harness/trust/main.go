// Command trust finds out what the verdicts of this module are worth on this
// machine. It measures things whose truth is known, judges them as every run is
// judged, and counts how often the verdicts were right:
//
//	trust alarms     nothing differs: how often is a difference called?
//	trust power      something is slower by a known share: how often is it found?
//	trust simulate   the same with made-up numbers, for many kinds of noise
//	trust agreement  does package testing give the same times?
//	trust cost       what does the harness itself take?
//
// "make trust" runs all of them and keeps what they print in results/reference.
// The machine should have nothing else to do: other programs are simulated where
// they are wanted.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"time"

	"juggle/harness"
	"juggle/results"
)

// options are those of the command line.
type options struct {
	comparisons int
	seed        uint64
}

// A study is a subcommand: it prints what it found, and returns an error where
// that is not what was hoped for.
type study struct {
	name string
	run  func(ctx context.Context, out io.Writer, o options) error
}

func studies() []study {
	return []study{{"alarms", alarms}, {"power", power}, {"simulate", simulate}, {"agreement", agreement}, {"cost", cost}}
}

func main() {
	harness.Serve(table())
	serveHelper(os.Args[1:])
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := command(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "trust:", err)
		os.Exit(1)
	}
}

// command carries out a command line.
func command(ctx context.Context, args []string) error {
	var o options
	flags := flag.NewFlagSet("trust", flag.ContinueOnError)
	flags.IntVar(&o.comparisons, "n", 0, "`number` of comparisons or runs (default as many as the study needs)")
	flags.Uint64Var(&o.seed, "seed", 1, "`number` that decides the order of samples")
	out := flags.String("out", "", "`folder` to write what is printed to as well, as STUDY.txt")
	flags.Usage = func() {
		fmt.Fprintf(flags.Output(), "usage: trust [flags] STUDY, where STUDY is one of: %s\n", strings.Join(names(), ", "))
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil
		}
		return err
	}
	for _, s := range studies() {
		if flags.NArg() == 1 && flags.Arg(0) == s.name {
			return carryOut(ctx, s, o, *out)
		}
	}
	return fmt.Errorf("name one study, after the flags: %s", strings.Join(names(), ", "))
}

func names() (all []string) {
	for _, s := range studies() {
		all = append(all, s.name)
	}
	return all
}

// carryOut runs a study and keeps what it prints, also where it ends with an
// error that says that something was not as hoped.
func carryOut(ctx context.Context, s study, o options, folder string) error {
	var text bytes.Buffer
	out := io.MultiWriter(os.Stdout, &text)
	where, err := machine()
	if err != nil {
		return err
	}
	began := time.Now()
	fmt.Fprintf(out, "trust %s, seed %d, begun %s\n%s\n\n", s.name, o.seed, began.UTC().Format(time.DateTime), where)
	err = s.run(ctx, out, o)
	if ctx.Err() != nil {
		return errors.New("interrupted; nothing was written")
	}
	if err != nil {
		fmt.Fprintf(out, "\nnot as hoped for: %v\n", err)
	}
	fmt.Fprintf(out, "\ntook %v\n", time.Since(began).Round(time.Second))
	if folder == "" {
		return err
	}
	if made := os.MkdirAll(folder, 0o755); made != nil {
		return errors.Join(err, made)
	}
	return errors.Join(err, results.ReplaceFile(filepath.Join(folder, s.name+".txt"), text.Bytes()))
}

// machine says where this is.
func machine() (string, error) {
	plan, err := subjects()[0].plan()
	if err != nil {
		return "", err
	}
	h := plan.Host
	return fmt.Sprintf("%s, %d CPUs, %s %s, %s; %.2f CPUs are kept busy by others", h.CPU, h.CPUs, h.OS, h.Kernel, plan.Build.GoVersion, h.BusyCPUs), nil
}
