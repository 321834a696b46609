package results

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strconv"
)

// maxLine bounds a line of the journal, so that a hostile file cannot make a
// reader take all memory.
const maxLine = 64 << 20

// maxProblems bounds the complaints about one file.
const maxProblems = 1000

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// header is the first record of a journal.
type header struct {
	Schema int    `json:"schema"`
	RunID  string `json:"run_id"`
	// PlanCRC32C is the checksum of plan.json as it was written: a plan that was
	// altered later would give other meaning to the same numbers.
	PlanCRC32C string `json:"plan_crc32c"`
}

// line is a line of the journal. Records stay raw, so that the checksum is over
// the bytes of the file and not over what a decoder made of them.
type line struct {
	CRC32C   string          `json:"crc32c"`
	Journal  json.RawMessage `json:"journal,omitempty"`
	Sample   json.RawMessage `json:"sample,omitempty"`
	Timeline json.RawMessage `json:"timeline,omitempty"`
}

// record returns the one record of a line.
func (l line) record() json.RawMessage {
	switch {
	case l.Journal != nil:
		return l.Journal
	case l.Sample != nil:
		return l.Sample
	}
	return l.Timeline
}

func checksum(raw []byte) string {
	return fmt.Sprintf("%08x", crc32.Checksum(raw, castagnoli))
}

// encodeLine makes a line of the journal. Kind is "journal", "sample" or
// "timeline".
func encodeLine(kind string, record any) ([]byte, error) {
	raw, err := json.Marshal(record)
	if err != nil {
		return nil, fmt.Errorf("a %s that JSON cannot hold: %w", kind, err)
	}
	return fmt.Appendf(nil, "{\"crc32c\":%q,%q:%s}\n", checksum(raw), kind, raw), nil
}

// decodeLine reads a line without its line feed. It accepts only what
// encodeLine would have written, byte for byte, so that no damage passes.
func decodeLine(text []byte) (line, error) {
	var l line
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&l); err != nil {
		return l, fmt.Errorf("this is no line of a journal: %w", err)
	}
	kind := "journal"
	switch {
	case l.Sample != nil:
		kind = "sample"
	case l.Timeline != nil:
		kind = "timeline"
	}
	raw := l.record()
	if sum := checksum(raw); sum != l.CRC32C {
		return l, fmt.Errorf("the checksum is %s and the line says %s: the line was altered", sum, strconv.QuoteToASCII(l.CRC32C))
	}
	if again := fmt.Appendf(nil, "{\"crc32c\":%q,%q:%s}", l.CRC32C, kind, raw); !bytes.Equal(again, text) {
		return l, errors.New("something stands beside the record: the line was altered")
	}
	return l, nil
}

// journal is what was read of a journal.
type journal struct {
	seen    *duplicates
	planCRC string // of the header, "" without one
	// planAltered is set if plan.json is not what the header says.
	planAltered Problem
	samples     []Sample
	timelines   []Timeline
	problems    []Problem
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
	for {
		text, length, err := readLine(lines, maxLine)
		offset += length
		if length > 0 {
			j.lines++
			bad := j.take(text, plan)
			if newer := (*VersionError)(nil); errors.As(bad, &newer) {
				newer.File = name
				return nil, newer
			}
			j.torn = bad != nil
			switch {
			case bad == nil:
				j.good, j.goodLine = offset, j.lines
			case len(j.problems) < maxProblems:
				j.problems = append(j.problems, Problem{name, j.lines, bad.Error()})
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			if j.lines == 0 {
				j.problems = append(j.problems, Problem{name, 1, "the file is empty; it has lost even its first line"})
			}
			return j, nil
		case err != nil:
			return nil, fmt.Errorf("reading line %d of the journal: %w", j.lines+1, err)
		}
	}
}

// readLine reads up to and with the next line feed and tells how many bytes
// that were. Of a line over limit it keeps nothing: its text is nil.
func readLine(r *bufio.Reader, limit int64) (text []byte, length int64, err error) {
	for {
		part, err := r.ReadSlice('\n')
		if length += int64(len(part)); length > limit {
			text = nil
		} else {
			text = append(text, part...)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return text, length, err
		}
	}
}

// take decodes a line and keeps its record if nothing is wrong with it. A line
// without its line feed was never reported as written; even a whole record in it
// is not kept, as Resume cuts it off.
func (j *journal) take(text []byte, plan *Plan) error {
	if text == nil {
		return fmt.Errorf("the line is over %d bytes long; no line of a journal is", maxLine)
	}
	text, ended := bytes.CutSuffix(text, []byte("\n"))
	if !ended {
		return errors.New("the line is cut short")
	}
	l, err := decodeLine(text)
	if err != nil {
		return err
	}
	if first := j.lines == 1; first != (l.Journal != nil) {
		return errors.New("the first line of a journal is its header, and no other is")
	}
	switch {
	case l.Journal != nil:
		return j.takeHeader(l.Journal, plan)
	case l.Sample != nil:
		var s Sample
		if err := decodeStrictly(l.Sample, &s); err != nil {
			return err
		}
		if err := j.seen.check(s); err != nil {
			return err
		}
		j.seen.add(s)
		j.samples = append(j.samples, s)
	default:
		var t Timeline
		if err := decodeStrictly(l.Timeline, &t); err != nil {
			return err
		}
		if err := checkTimeline(t); err != nil {
			return err
		}
		j.timelines = append(j.timelines, t)
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

// decodeStrictly refuses fields that this version does not know: they would be
// lost without a word.
func decodeStrictly(raw []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	return decoder.Decode(into)
}
