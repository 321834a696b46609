package results

import (
	"slices"
	"time"
)

// Schema is the version of plan.json and of the journal that this package
// writes. It reads this and older versions and refuses newer ones. Version 2
// added what ends the sampling of a row (min_rounds), controls (runs, slowed),
// and records other than samples and timelines in the journal.
const Schema = 2

// A Plan says what a run measures and where. It is written before the first
// sample and never changes.
type Plan struct {
	Schema  int       `json:"schema"`
	RunID   string    `json:"run_id"`
	Started time.Time `json:"started"`
	Tier    string    `json:"tier"`
	// Seed decides the order of the cells in every round.
	Seed uint64 `json:"seed"`
	// Rounds is the largest number of rounds. MinRounds is the number after which
	// the precision of its ratios may end the sampling of a row (see [Stopping]);
	// 0 says that every row has Rounds rounds.
	Rounds    int `json:"rounds"`
	MinRounds int `json:"min_rounds,omitempty"`
	// BudgetSeconds bounds all rounds together; no round begins after it.
	BudgetSeconds float64 `json:"budget_seconds"`
	// DeadlineSeconds bounds one sample, start-up and warm-up included.
	DeadlineSeconds float64 `json:"sample_deadline_seconds"`
	// BaseModel is what the other models are compared with.
	BaseModel string `json:"base_model"`
	Build     Build  `json:"build"`
	Host      Host   `json:"host"`
	Rows      []Row  `json:"rows"`
	// MergedFrom holds the ids of the runs that were merged into this one, and
	// MergeDoubts what is to be said of that; see [Merge].
	MergedFrom  []string `json:"merged_from,omitempty"`
	MergeDoubts []string `json:"merge_doubts,omitempty"`
}

// Build identifies the program that measured.
type Build struct {
	GoVersion string `json:"go_version"`
	// Revision is the version control revision, with "+dirty" if the checkout
	// had changes, and "" if the build does not know.
	Revision string `json:"revision"`
	// BinarySHA256 is the digest of the executable file.
	BinarySHA256 string `json:"binary_sha256"`
}

// Host says on what machine a run was made. What a system does not tell is "".
type Host struct {
	OS         string `json:"os"`
	Arch       string `json:"arch"`
	CPU        string `json:"cpu"`
	Kernel     string `json:"kernel"`
	CPUs       int    `json:"cpus"`
	GOMAXPROCS int    `json:"gomaxprocs"`
	// Governor is the frequency governor of the CPUs: the names of several, joined
	// by commas, where they differ, and "none" where the system sets no frequency.
	Governor string `json:"governor"`
	// Virtualization names the hypervisor, "none" on bare metal.
	Virtualization string `json:"virtualization"`
	MemoryBytes    int64  `json:"memory_bytes"`
	// BusyCPUs is how many CPUs something else kept busy right before the run
	// began. The load average would count the build of this program in.
	BusyCPUs float64 `json:"busy_cpus"`

	// What follows came with schema 2; a run before it has none of it.

	// OnlineCPUs is the number of CPUs that the system runs, of which CPUs are
	// those that the process may use.
	OnlineCPUs int `json:"online_cpus,omitempty"`
	// CPUQuota is what control groups leave to the process, in CPUs, and
	// MemoryLimit likewise, in bytes.
	CPUQuota    Limit `json:"cpu_quota,omitempty"`
	MemoryLimit Limit `json:"memory_limit,omitempty"`
	// OpenFiles bounds the descriptors of a process; Threads bounds the threads
	// of all processes of the user, the group or the machine, whichever is least.
	OpenFiles Limit `json:"open_files,omitempty"`
	Threads   Limit `json:"threads,omitempty"`
	// Boost and SMT are "on" or "off": a clock above the nominal one, and several
	// threads on one core. SMT is "none" where the processor has it not.
	Boost string `json:"boost,omitempty"`
	SMT   string `json:"smt,omitempty"`
	// HugePages is "always", "madvise" or "never": where the system may back
	// memory with transparent huge pages.
	HugePages string `json:"huge_pages,omitempty"`
	// ASLR says what of a process lies elsewhere each time: "full", "partial" (no
	// heap) or "off".
	ASLR string `json:"aslr,omitempty"`
	// ClockSource is what the kernel reads the time from, such as "tsc".
	ClockSource string `json:"clock_source,omitempty"`
}

// A Row is a workload with its parameters: what every model is compared on.
type Row struct {
	Workload string `json:"workload"`
	// Params is the canonical text of all parameters, "name=value" joined by
	// commas in the order the workload declares them.
	Params string `json:"params"`
	// Group is the kind of work: "I/O-bound", "CPU-bound" or "mixed".
	Group string `json:"group"`
	// Isolates is the one thing that this workload shows, as a phrase.
	Isolates string        `json:"isolates"`
	Tasks    int           `json:"tasks"`
	Cells    []PlannedCell `json:"cells"`
}

// Roles of a cell in its row.
const (
	RoleModel   = "model"   // one of the four
	RoleVariant = "variant" // an auxiliary model
	RoleTwin    = "twin"    // the workload written natively, without the common contract
	RoleControl = "control" // not to learn of the model but of the measurement
)

// A PlannedCell is one model in a row.
type PlannedCell struct {
	Model string `json:"model"`
	Role  string `json:"role"`
	// Runs is the model that a twin or a control stands for; "" where Model is
	// one itself.
	Runs string `json:"runs,omitempty"`
	// Slowed is by what share of its own time the cell is slowed down on purpose.
	Slowed float64 `json:"slowed,omitempty"`
	// Against is the model of the same row that this one is judged against; ""
	// for the base model itself.
	Against string `json:"against,omitempty"`
	// Predicted is the law for this cell, nil where there is none.
	Predicted *Law `json:"predicted,omitempty"`
	// Inexpressible says why this model cannot run this workload; such a cell
	// is never sampled and its reason is printed in its place.
	Inexpressible string `json:"inexpressible,omitempty"`
}

// IsControl tells a row that only controls the measurement.
func (r Row) IsControl() bool {
	return !slices.ContainsFunc(r.Cells, func(c PlannedCell) bool { return c.Role != RoleControl })
}

// A Law predicts the wall time of a cell from what is known beforehand and the
// one thing that is not, the computing the tasks do:
//
//	wall = WaitSeconds + ComputeShare × C
//
// where C is the CPU time that the base model needed for all the tasks.
type Law struct {
	// Formula is the law for people, such as "d + N·c/K".
	Formula      string  `json:"formula"`
	WaitSeconds  float64 `json:"wait_seconds"`
	ComputeShare float64 `json:"compute_share"`
}

// A Cell is workload × parameters × model.
type Cell struct {
	Workload string `json:"workload"`
	Params   string `json:"params"`
	Model    string `json:"model"`
}
