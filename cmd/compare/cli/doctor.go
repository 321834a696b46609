package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"slices"
	"time"

	"juggle/harness"
	"juggle/harness/machine"
	"juggle/internal/nearest"
	"juggle/results"
	"juggle/workloads"
)

var doctorCommand = command{
	name: "doctor", arguments: "[-tier T]",
	summary: "say what will disturb a measurement here and how to mend it",
	help: "It watches the machine for a second and prints a line for each thing that matters: ok, note\n" +
		"(measurements get less sharp, or the system does not tell) or problem, with the fact and what\n" +
		"to do. Then it says what each tier needs of open files, threads and memory; those of the\n" +
		"chosen workloads are known, threads and memory are estimates. It changes nothing.\n\n" +
		"exit codes: 0 nothing is a problem; 1 something is: the chosen tier cannot run here, or others\n" +
		"take so much of the CPUs that a measurement could not be trusted.",
	example: "compare doctor -tier standard",
	setup: func(e *environment, flags *flag.FlagSet) func(context.Context, []string) error {
		tier := flags.String("tier", "", "`size` that has to be able to run here: quick, standard or full (default none)")
		return func(ctx context.Context, args []string) error {
			if len(args) > 0 {
				return usagef("doctor takes no arguments, and %d were given; see: compare help doctor", len(args))
			}
			var names []string
			for _, t := range workloads.Tiers() {
				names = append(names, string(t))
			}
			if given(flags, "tier") && !slices.Contains(names, *tier) {
				return usagef("no tier is called %q; there are %s", *tier, nearest.List(*tier, names))
			}
			host, seen, err := harness.Observe(ctx, time.Second)
			if err != nil {
				return err
			}
			return e.doctor(patient{machine.Source{}, host, seen}, workloads.Tier(*tier))
		}
	},
}

// A patient is a machine that was looked at.
type patient struct {
	source machine.Source
	host   results.Host
	seen   results.Conditions
}

// errProblem ends a doctor that found one.
var errProblem = errors.New("a measurement here fails or cannot be trusted, see the lines marked \"problem\"")

// doctor prints the findings about a machine.
func (e *environment) doctor(p patient, chosen workloads.Tier) error {
	findings := p.source.Examine(p.host, p.seen)
	free, known := p.source.FreeMemory()
	for _, tier := range workloads.Tiers() {
		if chosen != "" && tier != chosen {
			continue
		}
		needs, err := harness.NeedsOf(e.table, tier)
		if err != nil {
			return err
		}
		findings = append(findings, needs.Check(p.host, free, known, tier == chosen))
	}
	var err error
	for _, f := range findings {
		fmt.Fprintln(e.stdout, f)
		if f.State == machine.Problem {
			err = errProblem
		}
	}
	return err
}
