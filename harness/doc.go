// Package harness measures: it turns workloads and models into samples.
//
// # Vocabulary
//
// A cell is a workload with its parameters under a model. A sample is one fresh
// process that runs one cell once and reports its answer and its costs. A round
// takes a sample of every cell in a fresh random order. A plan says which cells
// and how many rounds at most; a run is a plan carried out.
//
// # A measurement, step by step
//
//  1. [NewPlan] makes a plan from [Options], and says before anything starts what
//     does not exist or what this machine has too little of.
//  2. [Run] carries it out: round after round, in the order that [Order] derives
//     from the plan's seed. A row that has enough rounds is left out from then on
//     (see [results.Stopping]). It tells its observers what it does.
//  3. For each sample [Processes] starts a process, and before the first of a row
//     its fixture, the server that the tasks talk to, in a process of its own. The
//     environment of each has another size, which moves its memory.
//  4. The sample process makes the workload, starts the model, runs the first few
//     tasks to warm up, and says that it is ready.
//  5. When it is told to go on, it reads what it and its workers have used so far,
//     runs all tasks, and reads again. This is the measured region; wall time is
//     that of [models.Runner.Run] alone.
//  6. After the region the answers are checked. A wrong one is a failure, and its
//     costs are dropped.
//
// # What the numbers mean
//
//	wall time            of the region, on the monotonic clock
//	user, system CPU     of the sample process and its workers, in the region
//	peak memory          VmHWM of the process and of each worker, added up, from
//	                     their start to the end of the region; shared pages count
//	                     for each process
//	context switches     of all their threads, in the region
//	threads              at the end of the region
//	allocations          of their Go heaps, in the region
//	p50, p99             time in flight of a task, from its begin to its end in
//	                     whatever process it ran, by nearest rank
//	peak tasks in flight the most tasks begun and not ended at one moment
//	setup                starting the model, which is not part of wall time
//	fixture CPU          of the fixture's process, in the region
//
// Tasks are started by the model as soon as it can take them, and their time in
// flight counts from there: it is a service time in a closed loop, and says
// nothing of a queue before it.
//
// # What it costs
//
// An empty task's region takes from under 1 µs (sequential) to some 100 µs
// (processpool), see BenchmarkEmpty; stamping and sealing add about 0.1 µs to a
// task, see BenchmarkContract. A sample process takes some 10 ms to start and
// end, outside of the region.
//
// # Limits
//
// One sample runs at a time: two would measure each other. This is the only
// package with a clock. Starting processes needs a Unix; see
// juggle/internal/reexec.
package harness
