package ab

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"juggle/results"
)

// errBudget is why a process ends when the budget does.
var errBudget = errors.New("the budget is used up")

// maxPadding is the most bytes that are added to an environment: a page, after
// which the places of the stack repeat.
const maxPadding = 4096

// tellEvery is the time between two lines of progress.
const tellEvery = 10 * time.Second

// limit is how long a process may take. With leastRounds rounds of two sides, a
// longer one could not be judged within the budget even if it were alone.
func (c *comparison) limit() time.Duration { return c.Budget / (2 * leastRounds) }

// leastRounds is the fewest rounds that give a 95 % interval.
const leastRounds = 6

// measure runs the trial and the rounds, and reports.
func (c *comparison) measure(ctx context.Context) (*Report, error) {
	end := time.Now().Add(c.Budget)
	bounded, cancel := context.WithDeadlineCause(ctx, end, errBudget)
	defer cancel()
	c.Tell(fmt.Sprintf("at most %v of measuring; seed %d", c.Budget, c.Seed))
	if err := c.try(bounded); err != nil {
		if errors.Is(err, errBudget) {
			err = fmt.Errorf("%w before every benchmark had run once; raise -budget or choose fewer benchmarks", err)
		}
		return nil, err
	}
	if len(c.jobs) == 0 {
		return nil, c.nothing()
	}
	c.tellPlan(time.Until(end))
	stopped, err := c.runRounds(bounded, end)
	if err != nil && c.roundsDone() == 0 {
		return nil, err
	}
	if c.roundsDone() == 0 {
		return nil, fmt.Errorf("%s and not one round was finished; raise -budget or choose fewer benchmarks", stopped)
	}
	return c.report(stopped), err
}

// tellPlan says what comes and how long it takes.
func (c *comparison) tellPlan(left time.Duration) {
	for _, j := range c.jobs {
		c.Tell(fmt.Sprintf("%s: %d to compare, -test.benchtime=%v", title(j.pkg, j.name), len(j.names), j.benchtime))
	}
	round, least := c.expected(), c.leastRounds()
	c.Tell(fmt.Sprintf("%d benchmarks in %d processes a round, about %v each round; at least %d rounds, at most %v",
		c.family(), 2*len(c.jobs), round.Round(10*time.Millisecond), least, left.Round(time.Second)))
	if room := int(left / max(round, 1)); room < least {
		c.Tell(fmt.Sprintf("note: there is room for about %d rounds, which is too few to decide; a -budget of %v would do",
			room, (c.Budget + round*time.Duration(least-room+1)).Round(time.Second)))
	}
}

// expected is how long a round takes, as far as is known.
func (c *comparison) expected() (sum time.Duration) {
	for _, j := range c.jobs {
		sum += j.expected
	}
	return sum
}

// family is the number of comparisons.
func (c *comparison) family() (n int) {
	for _, j := range c.jobs {
		n += len(j.names)
	}
	return n
}

// leastRounds is how many rounds there are before intervals can end them.
func (c *comparison) leastRounds() int {
	if c.Rounds > 0 {
		return c.Rounds
	}
	return results.MinRounds(c.family())
}

// roundsDone counts the rounds of the jobs that have most.
func (c *comparison) roundsDone() (most int) {
	for _, j := range c.jobs {
		most = max(most, len(j.rounds))
	}
	return most
}

// runRounds runs rounds until one of the reasons to stop, and returns it.
func (c *comparison) runRounds(ctx context.Context, end time.Time) (stopped string, err error) {
	told, longest := time.Now(), c.expected()
	for n := 0; ; n++ {
		if len(c.jobs) == 0 {
			return "", c.nothing()
		}
		c.settleJobs(n)
		if stopped := c.enough(n); stopped != "" {
			return stopped, nil
		}
		if n > 0 && time.Until(end) < longest {
			c.stopOthers(results.StopBudget)
			return fmt.Sprintf("the next round would not fit into the budget of %v", c.Budget), nil
		}
		if time.Since(told) >= tellEvery {
			told = time.Now()
			c.tellProgress(n, time.Until(end))
		}
		began := time.Now()
		err := c.round(ctx, n)
		switch {
		case errors.Is(err, errBudget):
			c.stopOthers(results.StopBudget)
			return fmt.Sprintf("the budget of %v ended", c.Budget), nil
		case ctx.Err() != nil:
			return "it was interrupted", err
		case err != nil:
			return "of an error", err
		}
		longest = time.Since(began)
	}
}

// settleJobs looks, after n rounds, at which jobs need no more. It looks at the
// rounds at which a run does, and at the width of intervals alone.
func (c *comparison) settleJobs(n int) {
	if c.Rounds > 0 || n < max(c.look, c.leastRounds()) {
		return
	}
	c.look = n + max(5, n/10)
	for _, j := range c.jobs {
		if j.stop == results.StopNot {
			j.stop = j.enough()
		}
	}
}

// enough tells whether all ratios of a job are known well enough, or as well as
// they will be.
func (j *job) enough() results.Stop {
	found := results.StopPrecise
	for _, name := range j.names {
		logs := j.values(name, 0, judged)
		for i, head := range j.values(name, 1, judged) {
			logs[i] = math.Log(logs[i] / head)
		}
		switch results.StopAfter(logs) {
		case results.StopNot:
			return results.StopNot
		case results.StopFlat:
			found = results.StopFlat
		}
	}
	return found
}

// active returns the jobs that need more rounds.
func (c *comparison) active() (jobs []*job) {
	for _, j := range c.jobs {
		if j.stop == results.StopNot {
			jobs = append(jobs, j)
		}
	}
	return jobs
}

// stopOthers gives the jobs that need more rounds the reason why they get none.
func (c *comparison) stopOthers(why results.Stop) {
	for _, j := range c.active() {
		j.stop = why
	}
}

// enough says whether the rounds so far are, and why.
func (c *comparison) enough(n int) string {
	if c.Rounds > 0 && n >= c.Rounds {
		c.stopOthers(results.StopRounds)
		return "the number of rounds was given"
	}
	if len(c.active()) > 0 {
		return ""
	}
	for _, j := range c.jobs {
		if j.stop == results.StopFlat {
			return "every interval is narrow enough or narrows no more"
		}
	}
	return "every interval is narrow enough"
}

// tellProgress tells how far the least known ratio is.
func (c *comparison) tellProgress(n int, left time.Duration) {
	width, name := c.widest()
	c.Tell(fmt.Sprintf("%d rounds; %d of %d processes a round need more; the widest interval is ±%.1f %% (%s); at most %v left",
		n, 2*len(c.active()), 2*len(c.jobs), 100*width, name, left.Round(time.Second)))
}

// widest returns the greatest half width of a ratio that needs more rounds, and
// whose it is.
func (c *comparison) widest() (width float64, name string) {
	for _, b := range c.judge() {
		if half := math.Sqrt(b.Verdict.Hi/b.Verdict.Lo) - 1; b.Stop == results.StopNot && half > width {
			width, name = half, b.Name
		}
	}
	return width, name
}

// round measures every job that needs more once on each side. Its order and paddings follow from
// the seed and its number. A round that does not end is left out whole, in the
// files too, so that the lines at the same place of both files are pairs.
func (c *comparison) round(ctx context.Context, n int) error {
	random := rand.New(rand.NewPCG(c.Seed, uint64(n)))
	done := make(map[*job]round)
	jobs := c.active()
	random.Shuffle(len(jobs), func(i, k int) { jobs[i], jobs[k] = jobs[k], jobs[i] })
	for _, j := range jobs {
		var r round
		for _, side := range random.Perm(2) {
			all, err := j.binaries[side].sample(ctx, request{
				pattern: j.pattern, benchtime: j.benchtime, benchmem: c.BenchMem,
				limit: c.limit(), padding: random.IntN(maxPadding),
			})
			if fault := (*failure)(nil); errors.As(err, &fault) {
				c.drop(j, fmt.Sprintf("in round %d %s", n+1, fault.text))
				break
			}
			if err != nil {
				return err
			}
			r[side] = byName(all)
		}
		done[j] = r
	}
	return c.keep(n, done)
}

// keep adds a finished round to the jobs that are still compared, and to the
// files.
func (c *comparison) keep(n int, done map[*job]round) error {
	for _, j := range c.active() {
		r := done[j]
		if name, side := j.missing(r); name != "" {
			c.drop(j, fmt.Sprintf("%s printed no time of %s in round %d", c.sides[side].Label, name, n+1))
			continue
		}
		j.rounds = append(j.rounds, r)
	}
	return c.files.write(c, n)
}
