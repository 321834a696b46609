package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"runtime"

	"juggle/results"
)

// Numbers of simulated runs. With 4000 the binomial interval of a share of 95 %
// is 0.7 % to either side.
const (
	simulatedRuns     = 4000
	simulatedFamilies = 1000
)

// simulate judges made-up samples whose truth is known, by the code that judges
// real ones, and prints how often that was right. It starts no process. The error
// names what does not hold, and everything has been printed by then. What it
// prints follows from the seed alone. It keeps all CPUs busy.
func simulate(ctx context.Context, out io.Writer, o options) error {
	s := &simulation{
		seed: o.seed, runs: simulatedRuns, families: simulatedFamilies,
		worlds: worlds(), analyze: results.Analyze,
	}
	return s.report(ctx, out)
}

// report makes all tables and then says what holds.
func (s *simulation) report(ctx context.Context, out io.Writer) error {
	fmt.Fprintf(out, simulationHeading, s.runs, s.families, s.runs/peekShare, s.seed, runtime.Version(), 100*usualNoise, driftSpan, mostRounds)
	lines, err := s.coverage(ctx)
	if err != nil {
		return err
	}
	fmt.Fprint(out, "\n(a) Coverage of the 95 % interval of a ratio\n\n")
	printCoverage(out, lines, false)
	fmt.Fprint(out, "\n(a) The same where an assumption is broken. The truth is the pseudo-median of the ratio, by a million draws.\n"+
		"Nothing is required here: it shows what the intervals cannot know.\n\n")
	printCoverage(out, lines, true)
	families := s.familyLines()
	for i := range families {
		if err := s.judge(ctx, &families[i]); err != nil {
			return err
		}
	}
	fmt.Fprint(out, "\n(b) Families of comparisons, three to a row with a common base\n\n")
	printFamilies(out, families)
	fmt.Fprint(out, "\n(c), (d) False alarms where nothing differs, of juggle, of the usual practice (10 of A, then 10 of B, unpaired\n"+
		"U test at 0.05, no margin) and of peeking (pairs until p < 0.05, looked at after 10, 15 ... 40 rounds)\n\n")
	var usual []usualLine
	for i := range s.worlds {
		if s.worlds[i].breaks != "" {
			continue
		}
		l, err := s.compareUsual(ctx, &s.worlds[i])
		if err != nil {
			return err
		}
		usual = append(usual, l)
	}
	printUsual(out, usual)
	fmt.Fprintln(out)
	return requirements(out, lines, families)
}

const simulationHeading = `Simulated runs with known truth, ordered and ended by harness.Run and judged by results.Analyze.
%d runs per line of (a) and (c), %d per line of (b), %d per line of peeking (d); seed %d; %s.
A truth is a speed-up, base over model; where a line names several, its runs take them in turn. Noise is of
%g %% on logarithms where a world names none, for each sample by itself; modes held, drift and AR(1) are of
the machine and meet every cell of a round. Drift is over the whole of a fixed number of rounds, and over
%d where precision decides; precision ends a run by itself, or else %d rounds do.
`

// requirements prints what is wanted and whether it holds.
func requirements(out io.Writer, lines []coverageLine, families []familyLine) error {
	var missed []error
	say := func(what string, holds bool, worst string) {
		answer := "yes"
		if !holds {
			answer = "NO"
			missed = append(missed, fmt.Errorf("%s does not hold (worst %s)", what, worst))
		}
		fmt.Fprintf(out, "%s: %s (worst %s)\n", what, answer, worst)
	}
	for _, adaptive := range []bool{false, true} {
		worst := worstCoverage(lines, adaptive)
		what := "coverage within 93 to 97 %, fixed rounds"
		if adaptive {
			what = "coverage within 93 to 97 %, rounds by precision"
		}
		say(what, covered(worst.held, worst.runs),
			fmt.Sprintf("%s %%: %s, truth %s", shareText(worst.held, worst.runs), worst.world.name, worst.truthText()))
	}
	for _, truth := range []float64{1, 1 + results.Margin} {
		worst, most := worstFamily(families, truth, func(l *familyLine) float64 { return float64(l.alarmed) / float64(l.runs) })
		say(fmt.Sprintf("family-wise error at most 5 %%, truth %g", truth), most <= mostErrors,
			fmt.Sprintf("%.1f %%: %d comparisons, %s", 100*most, worst.size, worst.world.name))
	}
	worst, most := worstFamily(families, 1+results.Margin, func(l *familyLine) float64 { return float64(l.equal) / float64(l.comparisons) })
	say("false \"equivalent\" at the margin at most 5 % each", most <= mostErrors,
		fmt.Sprintf("%.1f %%: %d comparisons, %s", 100*most, worst.size, worst.world.name))
	return errors.Join(missed...)
}

// worstCoverage is the line farthest from 95 % that is required.
func worstCoverage(lines []coverageLine, adaptive bool) (worst *coverageLine) {
	for i := range lines {
		l := &lines[i]
		if l.world.breaks != "" || (l.fixed == 0) != adaptive {
			continue
		}
		if worst == nil || math.Abs(l.share()-0.95) > math.Abs(worst.share()-0.95) {
			worst = l
		}
	}
	return worst
}

// worstFamily is the line of a truth in which a share is largest.
func worstFamily(lines []familyLine, truth float64, share func(*familyLine) float64) (worst *familyLine, most float64) {
	for i := range lines {
		if l := &lines[i]; l.truth == truth && (worst == nil || share(l) > most) {
			worst, most = l, share(l)
		}
	}
	return worst, most
}
