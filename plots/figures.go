package plots

import (
	"fmt"
	"runtime"
	"sync"

	"juggle/results"
)

// Figures draws every figure of a report, in its order: the forest, the strips
// of each row, a timeline per workload. Those without anything to show are left
// out. Their names are unique. It draws on all processors that it may use.
func Figures(a *results.Analysis) ([]Figure, error) {
	return drawAll(sheets(a))
}

// sheets is all figures before they are drawn.
func sheets(a *results.Analysis) []sheet {
	var all []sheet
	add := func(s sheet, ok bool) {
		if ok {
			all = append(all, s)
		}
	}
	add(forestSheet(a))
	for _, row := range byGroup(a.Rows) {
		add(stripsSheet(row))
	}
	for _, lines := range byWorkload(a.Timelines) {
		add(timelineSheet(lines))
	}
	taken := make(map[string]bool)
	for i := range all {
		all[i].name = free(all[i].name, taken)
	}
	return all
}

// free returns the name, with a number behind it if it is taken, and takes it.
// Names of hostile parameters may differ and still give the same slug.
func free(name string, taken map[string]bool) string {
	unique := name
	for n := 2; taken[unique]; n++ {
		unique = fmt.Sprintf("%s-%d", name, n)
	}
	taken[unique] = true
	return unique
}

// byWorkload puts the timelines of one workload and its parameters together, in
// the order in which they appear.
func byWorkload(lines []results.Timeline) [][]results.Timeline {
	var groups [][]results.Timeline
	place := make(map[results.Cell]int)
	for _, line := range lines {
		key := results.Cell{Workload: line.Workload, Params: line.Params}
		at, known := place[key]
		if !known {
			at = len(groups)
			place[key] = at
			groups = append(groups, nil)
		}
		groups[at] = append(groups[at], line)
	}
	return groups
}

// drawAll draws the sheets, as many at a time as there are processors: a PNG
// of this size holds some 10 MB of pixels while it is drawn.
func drawAll(sheets []sheet) ([]Figure, error) {
	figures := make([]Figure, len(sheets))
	errs := make([]error, len(sheets))
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	var wg sync.WaitGroup
	for i, s := range sheets {
		slots <- struct{}{}
		wg.Go(func() {
			figures[i], errs[i] = s.figure()
			<-slots
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return figures, nil
}
