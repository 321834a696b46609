// Package plots draws the figures of a run and writes the report made of them.
//
// # Vocabulary
//
// A [Figure] is a picture in two formats with the words that belong to it: a
// title, a caption that says how to read it, and a text that says the same as
// the picture. A mark is how one model looks everywhere: a colour and a shape. A
// report is one document that is written twice, as Markdown and as HTML.
//
// # From an analysis to a report
//
//  1. [Forest] compares every model with the base model, on one axis whose steps
//     are factors of two.
//  2. [Strips] shows every sample of one row as a point, so that nothing hides
//     behind a median.
//  3. [Timeline] shows what the tasks of a small run did when. It draws recorded
//     events only, never what ought to have happened.
//  4. [Figures] draws all of these, on all processors.
//  5. [WriteReport] puts them into a document and the document into the run's
//     folder: answers first, then what they rest on, pictures, numbers, words.
//
// What is said comes from package results: this package judges nothing. The one
// thing that it derives is which model to take, and the report says how.
//
// # What a picture must keep
//
// It can be read in black and white, by people who do not tell all colours
// apart, and by a program that reads aloud. Names stand beside their points
// instead of in a legend that covers data. Every axis has a unit, and an axis of
// times that does not begin at 0 says so. Names, parameters and messages may
// come from anybody's binary, so whatever they hold stays text in every file.
//
// # Costs and limits
//
// Each figure is drawn once per format. The pixels of the PNG take most of the
// time and some ten megabytes of memory while a figure is drawn;
// BenchmarkWriteReport measures a report of six rows. The SVG holds no fonts: it
// asks for Helvetica or Arial and was laid out with Liberation Sans, which is as
// wide. Characters that Liberation Sans lacks, such as Chinese ones, show as
// boxes in the PNG and as themselves everywhere else. A timeline shows 48 tasks
// of a model at most and says so; ratios beyond a million either way are drawn
// as arrows at the end of the axis, with their number beside them.
//
// Only this package imports gonum.org/v1/plot.
package plots
