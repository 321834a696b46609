package results

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Conditions are what a machine was like during a round: what its counters
// gained between a reading right before the round's first sample and one right
// after its last. A round that was taken in two parts has those of the second.
type Conditions struct {
	Round   int       `json:"round"`
	Started time.Time `json:"started"`
	// Seconds is the time between the two readings.
	Seconds float64 `json:"seconds"`
	// Values maps the names below to numbers. What the system does not tell is
	// absent here and has its reason in NotMeasured.
	Values      Costs             `json:"values"`
	NotMeasured map[string]string `json:"not_measured,omitempty"`
}

// Names of conditions.
const (
	// Seconds in which at least one task of the machine waited for a CPU, a disk
	// or memory; Linux calls it pressure ("some"), see its Documentation/accounting/psi.rst.
	CPUPressure    = "cpu-pressure-s"
	IOPressure     = "io-pressure-s"
	MemoryPressure = "memory-pressure-s"
	// StealCPU is CPU time that the hypervisor gave to other guests while this
	// one had work, of all CPUs together; see proc_stat(5).
	StealCPU = "steal-cpu-s"
	// ThrottledCPU is the time that a quota of CPUs kept the control group waiting, of
	// all CPUs together, and ThrottledPeriods the number of the quota's periods in
	// which it did.
	ThrottledCPU     = "throttled-cpu-s"
	ThrottledPeriods = "throttled-periods"
	// OthersCPU is CPU time of everything that is not the run: all of the machine
	// less that of the harness, of the samples and of the fixtures. The system
	// counts in ticks of 10 ms, so it is some ticks off. Interrupts count as
	// others' as far as the system does not count them to a process.
	OthersCPU = "others-cpu-s"
	// LoadBefore and LoadAfter are the load average of the last minute at the
	// two readings. It counts the run itself in.
	LoadBefore = "load-before"
	LoadAfter  = "load-after"
)

// ConditionNames returns the names of all conditions, in the order of tables.
func ConditionNames() []string {
	return []string{
		OthersCPU, StealCPU, ThrottledCPU, ThrottledPeriods,
		CPUPressure, IOPressure, MemoryPressure, LoadBefore, LoadAfter,
	}
}

// check reports what no conditions of this program say, for a plan of so many
// rounds.
func (c *Conditions) check(rounds int) error {
	if c.Round < 0 || c.Round >= rounds {
		return fmt.Errorf("the conditions are of round %d, and the plan has %d", c.Round, rounds)
	}
	if !positive(c.Seconds) || c.Seconds > maxCost {
		return fmt.Errorf("the round's readings are %v seconds apart; that is a number above 0", c.Seconds)
	}
	names := ConditionNames()
	for name, v := range c.Values {
		if !slices.Contains(names, name) {
			return fmt.Errorf("there is no condition %.40q; there are %s", name, strings.Join(names, ", "))
		}
		if !finite(v) || v > maxCost {
			return fmt.Errorf("%s is %v; a condition is a number from 0 to %v", name, v, maxCost)
		}
	}
	for name, reason := range c.NotMeasured {
		if _, measured := c.Values[name]; measured || !slices.Contains(names, name) || len(reason) > maxText {
			return fmt.Errorf("the reason why %.40q was not measured is too long or of no condition that lacks", name)
		}
	}
	return nil
}

// checkConditions reports what is wrong with conditions, among others of the run
// too.
func (d *duplicates) checkConditions(c Conditions) error {
	if err := c.check(d.rounds); err != nil {
		return err
	}
	if d.conditions[c.Round] {
		return fmt.Errorf("conditions of round %d stand above already", c.Round)
	}
	return nil
}

// AppendConditions adds the conditions of a round to the journal, as Append adds
// a sample.
func (f *Folder) AppendConditions(c Conditions) error {
	if err := f.seen.checkConditions(c); err != nil {
		return fmt.Errorf("conditions that %s cannot keep: %w", f.journal.Name(), err)
	}
	if err := f.append(kindRound, c); err != nil {
		return err
	}
	f.seen.conditions[c.Round] = true
	return nil
}
