package plots

import "juggle/results"

// glossary explains every word that the report uses and a newcomer may not know.
func glossary(a *results.Analysis) []part {
	base := a.Plan.BaseModel
	return []part{heading{2, "Words"}, facts{[]fact{
		{"Model", "a way to run the same tasks: one after another (sequential), each in its own goroutine (goroutines), " +
			"all on one thread that switches where a task waits (eventloop), or in several processes (processpool)."},
		{"Variant", "a model that is no choice of its own and shows one thing more: an OS thread per task (threads), goroutines that may only " +
			"run one at a time (gil), an event loop that hands its computing to processes (hybrid)."},
		{"Workload", "a piece of work with a known answer, split into tasks. I/O-bound work mostly waits, CPU-bound work mostly computes."},
		{"Sample", "one fresh process that does the work once, with its answer checked and its costs written down."},
		{"Round", "every model once, one right after the other in random order. Samples of one round are compared with one another, " +
			"so that a machine that becomes slower during the run does not favour anybody."},
		{"Speed-up", "the time " + base + " needs divided by the time the model needs: 2× is half the time, ½× is twice the time. " +
			"It is the Hodges-Lehmann estimate, which one odd sample cannot move far."},
		{"Interval", "the range in which the true speed-up lies with 95 % confidence. Many samples that agree make it short."},
		{"p and Holm", "p is how often chance alone would show such a difference. Who looks at many comparisons will find one by chance; " +
			"Holm's correction asks more of each the more there are."},
		{"Faster, slower", "the interval lies wholly beyond the margin on that side, and the corrected p is below 0.05."},
		{"Equivalent", "the interval lies wholly within the margin: if there is a difference, it does not matter."},
		{"Inconclusive", "neither: the samples do not decide. It does not mean that the models are equal. The sentence says how large a difference " +
			"these samples could have shown; more rounds show smaller ones."},
		{"Peak RSS", "the most memory a process held at one time. Workers are added up, so memory that they share counts more than once."},
		{"p50, p99", "half of the tasks were in flight no longer than p50, and 99 of 100 no longer than p99."},
	}}}
}

// lead is the sentence below the title.
func lead(a *results.Analysis) string {
	models := make(map[string]bool)
	for _, row := range a.Rows {
		for _, cell := range row.Cells {
			if cell.Role == results.RoleModel {
				models[cell.Model] = true
			}
		}
	}
	return "The same work done by " + count(len(models), "model", "models") + ": " +
		count(len(a.Rows), "piece of work", "pieces of work") + ", " +
		count(a.RoundsDone, "full round", "full rounds") + ", every answer checked. Begun " + began(a.Plan.Started) + "."
}
