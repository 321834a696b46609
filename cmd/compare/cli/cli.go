// Package cli is the compare command for any table of workloads.
//
// A program of one's own gets the whole command, with juggle's models, verdicts,
// figures and report, for workloads of its own:
//
//	func main() { cli.Main([]workloads.Workload{mine}) }
//
// The processes of a run are the same binary started again, so Main must be the
// first thing that main does. A whole such program is in cmd/compare/example.
//
// # Exit codes
//
//	0    every answer was right
//	1    a sample failed, or something could not be read or written
//	2    the command line names something that does not exist; nothing was written
//	3    a condition of diff's -fail-on holds
//	130  interrupted; what was finished is kept
package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"juggle/harness"
	"juggle/internal/nearest"
	"juggle/workloads"
)

// Exit codes.
const (
	exitRight       = 0
	exitFailed      = 1
	exitUsage       = 2
	exitFailOn      = 3
	exitInterrupted = 130
)

// errInterrupted is why a context ends on the first Ctrl-C.
var errInterrupted = errors.New("interrupted")

// Main is the compare command for a table of workloads. It never returns. In a
// process that a run started it plays that process's part.
func Main(table []workloads.Workload) {
	harness.Serve(table)
	execute(table)
}

// execute carries out this process's command line and ends the process.
func execute(table []workloads.Workload) {
	ctx, interrupt := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		interrupt(errInterrupted)
		<-signals
		os.Exit(exitInterrupted) // the kernel ends our processes with us
	}()
	os.Exit(run(ctx, table, os.Args[1:], os.Stdout, os.Stderr))
}

// environment is what a subcommand works with.
type environment struct {
	table          []workloads.Workload
	stdout, stderr io.Writer
	// strict is set by -strict: a control that failed is an error.
	strict bool
}

// A command is a subcommand. Setup declares its flags and returns what runs it
// with the arguments that are left.
type command struct {
	name, arguments, summary, help, example string
	setup                                   func(e *environment, flags *flag.FlagSet) func(ctx context.Context, args []string) error
}

// commands returns the subcommands in the order of the help.
func commands() []command {
	return []command{
		runCommand, listCommand, reportCommand, resumeCommand, doctorCommand,
		diffCommand, mergeCommand, exportCommand, abCommand, timelineCommand,
	}
}

// A usageError says what is wrong with the command line.
type usageError struct{ error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// run carries out a command line and returns the exit code.
func run(ctx context.Context, table []workloads.Workload, args []string, stdout, stderr io.Writer) int {
	e := &environment{table: table, stdout: stdout, stderr: stderr}
	if len(args) > 0 && slices.Contains([]string{"help", "-h", "-help", "--help"}, args[0]) {
		return e.exit(e.help(args[1:]))
	}
	if len(args) == 0 || strings.HasPrefix(args[0], "-") {
		args = append([]string{runCommand.name}, args...)
	}
	c, err := findCommand(args[0])
	if err != nil {
		return e.exit(err)
	}
	flags := flag.NewFlagSet(c.name, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	execute := c.setup(e, flags)
	positional, err := parseFlags(flags, args[1:])
	switch {
	case errors.Is(err, flag.ErrHelp):
		return e.exit(e.help(args[:1]))
	case err != nil:
		return e.exit(flagError(c.name, err, flags))
	}
	return e.exit(execute(ctx, positional))
}

// parseFlags lets flags stand before and behind the arguments.
func parseFlags(flags *flag.FlagSet, args []string) (positional []string, err error) {
	for {
		if err := flags.Parse(args); err != nil {
			return nil, err
		}
		if flags.NArg() == 0 {
			return positional, nil
		}
		positional = append(positional, flags.Arg(0))
		args = flags.Args()[1:]
	}
}

// flagError names the nearest flag where one is misspelt.
func flagError(command string, err error, flags *flag.FlagSet) error {
	name, unknown := strings.CutPrefix(err.Error(), "flag provided but not defined: -")
	if !unknown {
		return usagef("%s: %w", command, err)
	}
	var names []string
	flags.VisitAll(func(f *flag.Flag) { names = append(names, f.Name) })
	if len(names) == 0 {
		return usagef("%s has no flag -%s; it has none at all", command, name)
	}
	return usagef("%s has no flag -%s; it has -%s", command, name,
		strings.ReplaceAll(nearest.List(name, names), ", ", ", -"))
}

func findCommand(name string) (command, error) {
	var names []string
	for _, c := range commands() {
		if c.name == name {
			return c, nil
		}
		names = append(names, c.name)
	}
	return command{}, usagef("no command is called %q; there are %s", name, nearest.List(name, append(names, "help")))
}

// errControl ends a command under -strict whose run is not to be trusted.
var errControl = errors.New("a control failed")

// declareStrict declares -strict.
func (e *environment) declareStrict(flags *flag.FlagSet) {
	flags.BoolVar(&e.strict, "strict", false, "exit with 3 if a control failed")
}

// errSampleFailed ends a command whose samples were not all right; the report
// and the lines before say which.
var errSampleFailed = errors.New("not every answer was right")

// exit prints an error as one line and returns its code.
func (e *environment) exit(err error) int {
	selection := (*harness.SelectionError)(nil)
	usage, held := usageError{}, failOnError{}
	switch {
	case err == nil:
		return exitRight
	case errors.Is(err, errInterrupted):
		fmt.Fprintln(e.stderr, "compare:", err)
		return exitInterrupted
	case errors.As(err, &selection) || errors.As(err, &usage):
		fmt.Fprintln(e.stderr, "compare:", err)
		return exitUsage
	case errors.As(err, &held) || errors.Is(err, errControl):
		fmt.Fprintln(e.stderr, "compare:", err)
		return exitFailOn
	default:
		fmt.Fprintln(e.stderr, "compare:", err)
		return exitFailed
	}
}

// help prints the help of a subcommand, or of the whole command.
func (e *environment) help(args []string) error {
	if len(args) > 0 {
		c, err := findCommand(args[0])
		if err != nil {
			return err
		}
		flags := flag.NewFlagSet(c.name, flag.ContinueOnError)
		c.setup(e, flags)
		fmt.Fprintf(e.stdout, "compare %s: %s\n\nusage: compare %s\n\n%s\n", c.name, c.summary,
			strings.TrimSpace(c.name+" "+c.arguments), c.help)
		hasFlags := false
		flags.VisitAll(func(*flag.Flag) { hasFlags = true })
		if hasFlags {
			fmt.Fprintln(e.stdout, "\nflags:")
			flags.SetOutput(e.stdout)
			flags.PrintDefaults()
		}
		fmt.Fprintf(e.stdout, "\nexample:\n  %s\n", c.example)
		return nil
	}
	fmt.Fprint(e.stdout, "compare runs the same work in different ways, checks that every way gives the right\n"+
		"answer, measures what each costs, and shows it.\n\nusage: compare [command] [flags] [arguments]\n\n")
	for _, c := range commands() {
		fmt.Fprintf(e.stdout, "  %-9s %s\n", c.name, c.summary)
	}
	fmt.Fprint(e.stdout, "\nWithout a command it runs the quick tier of every workload under the four models.\n"+
		"\"compare help COMMAND\" tells more of one.\n\n"+
		"exit codes: 0 every answer was right; 1 a sample failed or a file could not be read or\n"+
		"written; 2 the command line is wrong and nothing was written; 3 a condition of diff\n"+
		"-fail-on holds, or a control failed under -strict; 130 interrupted.\n")
	return nil
}
