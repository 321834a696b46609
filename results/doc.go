// Package results keeps what was measured and judges it.
//
// # Vocabulary
//
// A sample is what one fresh process reported of one cell (workload, parameters
// and model). A round holds one sample of every cell. A verdict is a sentence
// about two cells: faster, slower, equivalent or inconclusive, with an interval.
// A run is a folder of samples and of everything derived from them.
//
// # How a verdict is made
//
//  1. Samples of two cells are paired by round, because the machine drifts and
//     both cells of a round met the same drift.
//  2. Each pair gives the logarithm of the ratio of its wall times. The estimate
//     is the Hodges-Lehmann median of their Walsh averages, its 95 % interval
//     and the p-value are those of the exact signed-rank distribution.
//  3. The p-values of all comparisons of a run are corrected by Holm's method.
//  4. "Faster" and "slower" need a corrected p below 0.05 and an interval wholly
//     beyond the margin of 2 %; "equivalent" needs one wholly within it;
//     everything else is "inconclusive", with the smallest difference that the
//     samples could have shown.
//  5. A run controls itself (see [Control]): a cell is compared with itself, and
//     the largest difference that its interval leaves possible is the least that
//     every margin is; a cell that is slowed down by 5 % must be found; a task
//     that does nothing must take next to nothing.
//
// How many rounds a row has is decided by how well its ratios are known, see
// [Stopping]; never by whether a difference shows.
//
// Sources: Kalibera and Jones, "Rigorous benchmarking in reasonable time" (ISMM
// 2013), for ratios with intervals and the process as the unit; Hollander and
// Wolfe, "Nonparametric statistical methods", for the estimate and interval;
// Georges, Buytaert and Eeckhout, "Statistically rigorous Java performance
// evaluation" (OOPSLA 2007), and Laaber et al., "Dynamically reconfiguring software
// microbenchmarks" (FSE 2020), for stopping on the width of intervals.
//
// # The run folder
//
//	plan.json       what was to be measured, where, by which build
//	samples.jsonl   the journal: the truth
//	bench.txt       Go benchmark format, a line per sample
//	REPORT.md, report.html, figures/
//
// All that stands below the journal is made from it and can be made again.
//
// The journal has one JSON object per line. Each holds one record and the
// CRC-32C of that record's bytes as they stand in the line, in eight hex digits:
//
//	{"crc32c":"…","journal":{…}}    the first line: schema, run id, checksum of plan.json
//	{"crc32c":"…","sample":{…}}     a Sample
//	{"crc32c":"…","timeline":{…}}   a Timeline
//	{"crc32c":"…","end":{…}}        an End
//	{"crc32c":"…","round":{…}}      Conditions, at most one for a round
//	{"crc32c":"…","resumed":{…}}    a Resumption
//
// SCHEMA.md beside this file documents every field. A merged run has merged_from in
// its plan and cannot be resumed.
//
// A line is written in one piece and synced before the next sample starts, so
// that at most the last line can be torn. A line is at most 64 MiB long.
//
// # Limits
//
// This package has no clock and knows no models: it judges names and numbers.
package results
