package cli

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"strings"

	"juggle/models"
	"juggle/workloads"
)

var listCommand = command{
	name: "list", arguments: "[workload...]",
	summary: "show workloads with their parameters, tiers and models",
	help:    "Without arguments it lists every workload and every model.",
	example: "compare list scrape",
	setup: func(e *environment, flags *flag.FlagSet) func(context.Context, []string) error {
		return func(_ context.Context, args []string) error {
			var chosen []workloads.Workload
			for _, name := range args {
				w, err := workloads.Find(e.table, name)
				if err != nil {
					return usageError{err}
				}
				chosen = append(chosen, w)
			}
			if len(args) == 0 {
				chosen = e.table
			}
			for _, w := range chosen {
				if err := e.listWorkload(w); err != nil {
					return err
				}
			}
			if len(args) == 0 {
				fmt.Fprintln(e.stdout, "models: "+modelNames(models.All()))
				fmt.Fprintln(e.stdout, "variants, with -variants or by name in -models: "+modelNames(models.Variants()))
			}
			return nil
		}
	},
}

func modelNames(list []models.Model) string {
	var names []string
	for _, m := range list {
		names = append(names, m.Name())
	}
	return strings.Join(names, ", ")
}

// listWorkload prints what there is to choose in a workload.
func (e *environment) listWorkload(w workloads.Workload) error {
	fmt.Fprintf(e.stdout, "%s: %s, shows %s\n", w.Name, w.Group, w.Isolates)
	for _, p := range w.Params {
		fmt.Fprintf(e.stdout, "  -param %-16s %s\n", p.Name+"="+p.Default, p.Doc)
	}
	for _, tier := range workloads.Tiers() {
		rows, err := w.RowsOf(tier, nil)
		if err != nil {
			return err
		}
		for i, v := range rows {
			label := string(tier)
			if i > 0 {
				label = ""
			}
			fmt.Fprintf(e.stdout, "  %-9s %s\n", label, describe(w, v))
		}
	}
	fmt.Fprintln(e.stdout)
	return nil
}

// describe is a row with the number of its tasks and its native twins.
func describe(w workloads.Workload, v workloads.Values) string {
	text := v.String()
	if text == "" {
		text = "(no parameters)"
	}
	in, err := w.New(v, "")
	if err != nil {
		return text
	}
	text += fmt.Sprintf("  %d tasks", in.Tasks)
	var twins []string
	for name := range in.Twins {
		twins = append(twins, name)
	}
	if slices.Sort(twins); len(twins) > 0 {
		text += ", native twins for " + strings.Join(twins, " and ")
	}
	return text
}
