package eventloop

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
)

// A TaskState is a task as [Loop.Dump] saw it.
type TaskState struct {
	ID       uint32
	Name     string
	State    string   // running, ready, waiting, or new before its first turn
	WaitsFor string   // what it waits for, in words; empty unless it waits
	Awaits   []uint32 // the tasks that it waits for, by ID: directly, or since they hold a lock
}

// A Dump is all tasks of a loop at one moment, in the order in which they were
// begun. It answers why nothing goes on.
type Dump struct {
	Tasks []TaskState
}

// Dump returns the tasks that have not ended, with what each waits for. It is for
// the loop's thread; another goroutine, such as one that serves a page for
// debugging, has it called with [Loop.Post]. It is what python -m asyncio ps and
// pstree show.
func (l *Loop) Dump() Dump {
	var d Dump
	for t := range l.Tasks() {
		s := TaskState{ID: t.id, Name: t.Name(), State: "waiting"}
		switch {
		case t == l.current:
			s.State = "running"
		case t.coroutine == nil:
			s.State = "new"
		case !t.parked:
			s.State = "ready"
		default:
			s.WaitsFor = fmt.Sprint(t.on)
			s.Awaits = awaited(t.on)
		}
		d.Tasks = append(d.Tasks, s)
	}
	slices.SortFunc(d.Tasks, func(a, b TaskState) int { return cmp.Compare(a.ID, b.ID) })
	return d
}

// A combination is an awaitable made of others.
type combination interface{ parts() []Awaitable }

// awaited returns the tasks that stand behind what a task waits for.
func awaited(on fmt.Stringer) []uint32 {
	switch on := on.(type) {
	case *Task:
		return []uint32{on.id}
	case combination:
		var ids []uint32
		for _, part := range on.parts() {
			if s, ok := part.(fmt.Stringer); ok && !part.Done() {
				ids = append(ids, awaited(s)...)
			}
		}
		return ids
	case interface{ Owner() *Task }:
		if t := on.Owner(); t != nil {
			return []uint32{t.id}
		}
	case Awaitable:
		if p := on.outcome(); p.kind == aTask {
			return []uint32{p.id}
		}
	}
	return nil
}

// Table returns one line per task: its number, name and state, and what it waits
// for.
func (d Dump) Table() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tNAME\tSTATE\tWAITS FOR")
	for _, t := range d.Tasks {
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\n", t.ID, t.Name, t.State, t.WaitsFor)
	}
	w.Flush()
	return b.String()
}

// Tree returns the tasks as a tree in which below each task stand those that it
// waits for. Tasks that wait for one another in a circle have no beginning; each
// such circle is named in a line of its own, and is where to look first.
func (d Dump) Tree() string {
	byID := map[uint32]*TaskState{}
	for i := range d.Tasks {
		byID[d.Tasks[i].ID] = &d.Tasks[i]
	}
	awaitedBy := map[uint32]bool{}
	for _, t := range d.Tasks {
		for _, id := range t.Awaits {
			awaitedBy[id] = true
		}
	}
	tree := &taskTree{byID: byID, drawn: map[uint32]bool{}}
	for _, t := range d.Tasks {
		if !awaitedBy[t.ID] {
			tree.draw(t.ID, 0)
		}
	}
	for _, cycle := range d.Cycles() {
		tree.b.WriteString("in a circle: ")
		for _, id := range cycle {
			tree.b.WriteString(byID[id].Name + " waits for ")
		}
		tree.b.WriteString(byID[cycle[0]].Name + "\n")
	}
	for _, t := range d.Tasks {
		if !tree.drawn[t.ID] {
			tree.draw(t.ID, 0)
		}
	}
	return tree.b.String()
}

// A taskTree is a tree being drawn.
type taskTree struct {
	b     strings.Builder
	byID  map[uint32]*TaskState
	drawn map[uint32]bool
}

// draw draws a task and what it waits for. A task that was drawn above is named
// again, without what is below it.
func (g *taskTree) draw(id uint32, depth int) {
	t := g.byID[id]
	if t == nil {
		return // it has ended, and who waited for it is ready
	}
	fmt.Fprintf(&g.b, "%s%s: %s", strings.Repeat("  ", depth), t.Name, t.State)
	if t.WaitsFor != "" {
		g.b.WriteString(" for " + t.WaitsFor)
	}
	if g.drawn[id] {
		g.b.WriteString(" (see above)\n")
		return
	}
	g.b.WriteString("\n")
	g.drawn[id] = true
	for _, below := range t.Awaits {
		g.draw(below, depth+1)
	}
}

// Cycles returns the circles of tasks that wait for one another, each beginning
// with the task that was begun first. None of them will ever go on, unless one is
// cancelled.
func (d Dump) Cycles() [][]uint32 {
	next := map[uint32][]uint32{}
	for _, t := range d.Tasks {
		next[t.ID] = t.Awaits
	}
	var cycles [][]uint32
	done := map[uint32]bool{}
	var walk func(path []uint32, id uint32)
	walk = func(path []uint32, id uint32) {
		if i := slices.Index(path, id); i >= 0 {
			cycles = append(cycles, fromLeast(path[i:]))
			return
		}
		if done[id] {
			return
		}
		for _, n := range next[id] {
			walk(append(path, id), n)
		}
		done[id] = true
	}
	for _, t := range d.Tasks {
		walk(nil, t.ID)
	}
	return cycles
}

// fromLeast returns a circle so that it begins with the least number.
func fromLeast(cycle []uint32) []uint32 {
	i := slices.Index(cycle, slices.Min(cycle))
	return slices.Concat(cycle[i:], cycle[:i])
}
