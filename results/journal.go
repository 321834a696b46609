package results

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// maxProblems bounds the complaints about one file that are kept; the others
// are counted.
const maxProblems = 1000

// header is the first record of a journal.
type header struct {
	Schema int    `json:"schema"`
	RunID  string `json:"run_id"`
	// PlanCRC32C is the checksum of plan.json as it was written: a plan that was
	// altered later would give other meaning to the same numbers.
	PlanCRC32C string `json:"plan_crc32c"`
}

// journal is what was read of a journal.
type journal struct {
	seen    *duplicates
	planCRC string // of the header, "" without one
	// planAltered is set if plan.json is not what the header says.
	planAltered Problem
	samples     []Sample
	timelines   []Timeline
	ended       *End // nil if samples stand behind it
	conditions  []Conditions
	resumed     []Resumption
	problems    []Problem
	// unlisted counts the problems beyond maxProblems.
	unlisted int
	// good is the length of the file up to the end of the last line that ends
	// in a line feed and decodes, which is the line goodLine; what follows is
	// torn.
	good     int64
	goodLine int
	// lines counts lines of any kind.
	lines int
	// torn tells that the file goes on behind good.
	torn bool
}

// readJournal reads all it can. Only a failing reader and a newer schema are
// errors; all else is a Problem with its line.
func readJournal(name string, r io.Reader, plan *Plan) (*journal, error) {
	j := &journal{seen: newDuplicates(plan)}
	lines := bufio.NewReaderSize(r, 64<<10)
	var offset int64
	var batch []line
	for {
		var err error
		batch, err = readBatch(lines, batch[:0])
		decodeAll(batch)
		for i := range batch {
			offset += batch[i].length
			j.lines++
			bad := j.take(&batch[i], plan)
			if newer := (*VersionError)(nil); errors.As(bad, &newer) {
				newer.File = name
				return nil, newer
			}
			if j.torn = bad != nil; !j.torn {
				j.good, j.goodLine = offset, j.lines
				continue
			}
			j.complain(Problem{name, j.lines, bad.Error()})
		}
		switch {
		case errors.Is(err, io.EOF):
			if j.lines == 0 {
				j.complain(Problem{name, 1, "the file is empty; it has lost even its first line"})
			}
			return j, nil
		case err != nil:
			return nil, fmt.Errorf("reading line %d of the journal: %w", j.lines+1, err)
		}
	}
}

// complain keeps a problem, or counts it if there are many already.
func (j *journal) complain(p Problem) {
	if len(j.problems) < maxProblems {
		j.problems = append(j.problems, p)
	} else {
		j.unlisted++
	}
}

// take keeps the record of a line if nothing is wrong with it.
func (j *journal) take(l *line, plan *Plan) error {
	if l.err != nil {
		return l.err
	}
	if first := j.lines == 1; first != (l.kind == kindJournal) {
		return errors.New("the first line of a journal is its header, and no other is")
	}
	switch l.kind {
	case kindJournal:
		return j.takeHeader(l.header, plan)
	case kindSample:
		if err := j.seen.check(l.sample); err != nil {
			return err
		}
		j.samples = append(j.samples, j.seen.add(l.sample))
		j.ended = nil
	case kindEnd:
		end := l.end // the line's memory is used again
		j.ended = &end
	case kindRound:
		if err := j.seen.checkConditions(l.round); err != nil {
			return err
		}
		j.seen.conditions[l.round.Round] = true
		j.conditions = append(j.conditions, l.round)
	case kindResumed:
		return j.takeResumed(l.resumed)
	default:
		if err := checkTimeline(l.timeline); err != nil {
			return err
		}
		j.timelines = append(j.timelines, l.timeline)
	}
	return nil
}

func (j *journal) takeHeader(raw []byte, plan *Plan) error {
	if err := checkSchema(raw); err != nil {
		return err
	}
	var h header
	if err := decodeStrictly(raw, &h); err != nil {
		return err
	}
	j.planCRC = h.PlanCRC32C
	if h.RunID != plan.RunID {
		return fmt.Errorf("this journal is of the run %q and the plan of %q", h.RunID, plan.RunID)
	}
	return nil
}

// checkSchema looks at nothing but the version, because a newer one may have
// fields that this program does not know.
func checkSchema(raw []byte) error {
	var version struct {
		Schema int `json:"schema"`
	}
	if err := json.Unmarshal(raw, &version); err != nil {
		return err
	}
	switch {
	case version.Schema > Schema:
		return &VersionError{Schema: version.Schema}
	case version.Schema < 1:
		return fmt.Errorf("there is no schema %d", version.Schema)
	}
	return nil
}
