// Package ab compares the Go benchmarks of two revisions, or of two folders.
//
// # How it measures
//
//  1. The files of a revision are exported to a temporary folder; a folder is
//     used where it is. The test binaries of both sides are built.
//  2. Every benchmark runs once on each side, which is not counted: it shows
//     what sub-benchmarks there are, what fails, and how long a process takes.
//  3. Then come rounds. In each, every benchmark is measured once on each side, in
//     a fresh process, in a fresh random order, with an environment of a random
//     length. The two sides of a benchmark follow one another directly, in an
//     order that is random too: the machine has less time to change between them
//     than if all processes of a round were shuffled.
//  4. The rounds of a benchmark end when the intervals of its ratios are narrow
//     enough or narrow no more, by the rule of a run: [results.StopAfter]. All end
//     when the next round would not fit into the budget. They never end because a
//     difference became significant, which would find differences that are not
//     there.
//  5. The times of the two sides are judged as pairs by round; see package
//     juggle/results for the rules.
//
// "go test -bench -count" runs all of one side in one process and then all of
// the other: what the machine does meanwhile counts as a difference of the code,
// and lines of one process are no independent samples.
//
// # What is left alone
//
// Nothing is written to the user's checkout or repository: see export. What the
// benchmarks themselves write into their package's folder lands in a folder that
// was given, as it does with go test, and not in the checkout of a revision.
// Temporary files of the build and of the benchmarks are kept in a folder of this
// comparison's own, which is removed at its end, also when ctx ends it. If this
// process itself is killed, that folder stays; its name begins with "juggle-ab-".
//
// # Limits
//
// A process runs one top-level benchmark with its sub-benchmarks. A submodule is
// not exported, and a revision whose go.mod or go.work names a folder outside of
// the repository is refused; compare two folders then. A revision's benchmarks read
// their files from the temporary folder, so one that measures a disk should not be
// compared with a folder on another disk. Comparing a revision with
// itself is the control that shows what this machine can tell apart.
//
// Two binaries are two layouts: a change anywhere in a package moves functions to
// other addresses, and that alone can make a benchmark whose code is the same some
// percent faster or slower, in every process. Such a difference is true of these
// binaries, and says nothing of the change; 6 % was seen once.
package ab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"time"
)

// Options say what to compare and how. The zero value of each field but Base and
// Head is a default.
type Options struct {
	// Base and Head are revisions of the repository that Folder lies in, or
	// folders. A path that is absolute or begins with a dot is a folder.
	Base, Head string
	// Folder is where revisions, relative folders and packages are looked up;
	// "" stands for the current one.
	Folder string
	// Packages are patterns as for the go command, taken on each side from the
	// place there that Folder has in its repository; none stands for ".".
	Packages []string
	// Bench is the regular expression of -test.bench; "" stands for all.
	Bench string
	// BenchMem also measures allocations, for benchmarks that do not do so.
	BenchMem bool
	// Each is about how long the benchmarks of one process are to measure,
	// together; 0 stands for 200 ms.
	Each time.Duration
	// Budget bounds all measuring, without the builds; 0 stands for 3 minutes.
	Budget time.Duration
	// Rounds is the exact number of rounds; 0 leaves it to [results.StopAfter].
	Rounds int
	// Seed decides all orders and paddings; 0 stands for a fresh random one.
	Seed uint64
	// Out is a folder for base.txt and head.txt, the samples in Go benchmark
	// format, in which both must not be there yet; "" keeps none.
	Out string
	// Tell gets a line of progress now and then, between processes. It is called
	// from the goroutine that called Compare. nil tells nobody.
	Tell func(line string)
}

// A SelectionError says that options name something that does not exist or
// cannot be. Nothing has been measured.
type SelectionError struct{ Err error }

func (e *SelectionError) Error() string { return e.Err.Error() }
func (e *SelectionError) Unwrap() error { return e.Err }

func selection(format string, args ...any) error {
	return &SelectionError{fmt.Errorf(format, args...)}
}

// Compare carries out a comparison. It returns when every process that it
// started is gone and its temporary folder is removed. It may be called from any
// goroutine, but two comparisons at once measure each other.
//
// The error is a *SelectionError where the options are at fault. When ctx ends it
// is ctx's cause, and the report holds what the finished rounds tell; it is nil
// only where there is no such round.
func Compare(ctx context.Context, o Options) (report *Report, err error) {
	p, err := o.fill()
	if err != nil {
		return nil, err
	}
	temp, err := os.MkdirTemp("", "juggle-ab-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temp)) }()
	if temp, err = absolute(temp); err != nil {
		return nil, err
	}
	files, err := openFiles(o.Out)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, files.close()) }()
	c := &comparison{Options: o, files: files}
	if err := c.prepare(ctx, p, temp); err != nil {
		return nil, err
	}
	return c.measure(ctx)
}

// fill puts the defaults in and reads the pattern.
func (o *Options) fill() (pattern, error) {
	if o.Base == "" || o.Head == "" || strings.HasPrefix(o.Base, "-") || strings.HasPrefix(o.Head, "-") {
		return nil, selection("two revisions or folders are compared, not %q and %q", o.Base, o.Head)
	}
	folder, err := absolute(o.Folder)
	if err != nil {
		return nil, &SelectionError{err}
	}
	o.Folder = folder
	if len(o.Packages) == 0 {
		o.Packages = []string{"."}
	}
	if o.Bench == "" {
		o.Bench = "."
	}
	if o.Seed == 0 {
		o.Seed = rand.Uint64()
	}
	o.Each, o.Budget = cmp.Or(o.Each, 200*time.Millisecond), cmp.Or(o.Budget, 3*time.Minute)
	if o.Each < 0 || o.Budget < 0 || o.Rounds < 0 {
		return nil, selection("lengths of time and rounds are not below 0")
	}
	if o.Tell == nil {
		o.Tell = func(string) {}
	}
	p, err := parsePattern(o.Bench)
	if err != nil {
		return nil, &SelectionError{err}
	}
	return p, nil
}

// A comparison is what is known while it goes on.
type comparison struct {
	Options
	files    *files
	sides    [2]*Side
	jobs     []*job
	problems []Problem
	look     int // the number of rounds after which to look at the intervals next
}

// prepare builds both sides and finds the benchmarks that both have.
func (c *comparison) prepare(ctx context.Context, p pattern, temp string) error {
	var built [2][]*binary
	for i, label := range []string{"base", "head"} {
		var err error
		if c.sides[i], err = resolveSide(ctx, label, []string{c.Base, c.Head}[i], c.Folder, temp); err != nil {
			return err
		}
		c.Tell(c.sides[i].String())
		if sub := c.sides[i].submodules; len(sub) > 0 {
			c.Tell(fmt.Sprintf("note: the submodules of %s are not exported (%s); what needs their files does not work", label, strings.Join(sub, ", ")))
		}
	}
	if a, b := c.sides[0].GoVersion, c.sides[1].GoVersion; a != b {
		c.Tell(fmt.Sprintf("note: the sides are built with %s and %s, which is part of the difference", a, b))
	}
	for i, s := range c.sides {
		var err error
		if built[i], err = s.build(ctx, c.Packages); err != nil {
			return err
		}
	}
	c.match(p, built)
	if len(c.jobs) == 0 {
		return c.nothing()
	}
	return nil
}

// nothing says why no benchmark is left.
func (c *comparison) nothing() error {
	where := fmt.Sprintf("-bench %q in %s", c.Bench, strings.Join(c.Packages, " "))
	if len(c.problems) == 0 {
		return selection("no benchmark matches %s on either side; ./... stands for all packages below", where)
	}
	var all []string
	for _, p := range c.problems {
		all = append(all, p.String())
	}
	return fmt.Errorf("no benchmark of %s can be compared: %s", where, strings.Join(all, "; "))
}
