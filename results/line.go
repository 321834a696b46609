package results

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"runtime"
	"slices"
	"strconv"
	"sync"
)

// maxLine bounds a line of the journal, so that a hostile file cannot make a
// reader take all memory.
const maxLine = 64 << 20

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func checksum(raw []byte) string {
	return fmt.Sprintf("%08x", crc32.Checksum(raw, castagnoli))
}

// Kinds of records.
const (
	kindJournal  = "journal"
	kindSample   = "sample"
	kindTimeline = "timeline"
	kindEnd      = "end"
	kindRound    = "round"
	kindResumed  = "resumed"
)

// encodeLine makes a line of the journal.
func encodeLine(kind string, record any) ([]byte, error) {
	raw, err := json.Marshal(record)
	if err != nil {
		return nil, fmt.Errorf("a %s that JSON cannot hold: %w", kind, err)
	}
	return fmt.Appendf(nil, "{\"crc32c\":%q,%q:%s}\n", checksum(raw), kind, raw), nil
}

// decodeLine takes a line without its line feed apart. What stands around the
// record must be what encodeLine writes, byte for byte, so that no damage
// passes. It is cut off rather than decoded, which took a third of the time that
// a journal needs.
func decodeLine(text []byte) (kind string, raw []byte, err error) {
	rest, begins := bytes.CutPrefix(text, []byte(`{"crc32c":"`))
	sum, rest, summed := bytes.Cut(rest, []byte(`","`))
	word, raw, named := bytes.Cut(rest, []byte(`":`))
	raw, ends := bytes.CutSuffix(raw, []byte("}"))
	if !begins || !summed || !named || !ends {
		return "", nil, errors.New("this is no line of a journal, or one that was altered")
	}
	if want := checksum(raw); want != string(sum) {
		return "", nil, fmt.Errorf("the checksum is %s and the line says %s: the line was altered", want, strconv.QuoteToASCII(string(sum)))
	}
	for _, kind := range []string{kindJournal, kindSample, kindTimeline, kindRound, kindEnd, kindResumed} {
		if string(word) == kind {
			return kind, raw, nil
		}
	}
	return "", nil, fmt.Errorf("there is no record of the kind %s", strconv.QuoteToASCII(string(word)))
}

// decodeStrictly refuses what would be lost without a word: fields that this
// version does not know, and anything behind the value.
func decodeStrictly(raw []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return err
	}
	if rest := bytes.TrimSpace(raw[decoder.InputOffset():]); len(rest) > 0 {
		return fmt.Errorf("behind the end stands %s", strconv.QuoteToASCII(string(rest[:min(len(rest), 20)])))
	}
	return nil
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

// A line is a line of a journal, read and then decoded.
type line struct {
	text   []byte // nil if it is over maxLine
	length int64
	// kind says which of the fields below was decoded, if err is nil.
	kind     string
	header   json.RawMessage // not decoded, because its version is looked at first
	sample   Sample
	timeline Timeline
	end      End
	round    Conditions
	resumed  Resumption
	err      error
}

// batchBytes is about how much of a journal is read before it is decoded: enough
// that handing it out costs nothing, and little beside what is kept of it.
const batchBytes = 1 << 20

// readBatch reads the next lines into the memory of the last ones. Their number
// is bounded too, as a line takes more memory than its text.
func readBatch(r *bufio.Reader, batch []line) ([]line, error) {
	var err error
	for size := int64(0); size < batchBytes && len(batch) < batchBytes/256 && err == nil; {
		var l line
		if l.text, l.length, err = readLine(r, maxLine); l.length > 0 {
			batch = append(batch, l)
			size += l.length
		}
	}
	return batch, err
}

// decodeAll decodes lines on every CPU: it is most of the time that a journal
// takes to be read, and lines do not depend on one another.
func decodeAll(batch []line) {
	var wg sync.WaitGroup
	defer wg.Wait()
	share := len(batch)/runtime.GOMAXPROCS(0) + 1
	for part := range slices.Chunk(batch, share) {
		wg.Go(func() {
			for i := range part {
				part[i].decode()
			}
		})
	}
}

// decode decodes a line's text. A line without its line feed was never reported
// as written; even a whole record in it is not kept, as Resume cuts it off.
func (l *line) decode() {
	if l.text == nil {
		l.err = fmt.Errorf("the line is over %d bytes long; no line of a journal is", maxLine)
		return
	}
	text, ended := bytes.CutSuffix(l.text, []byte("\n"))
	if !ended {
		l.err = errors.New("the line is cut short")
		return
	}
	var raw []byte
	if l.kind, raw, l.err = decodeLine(text); l.err != nil {
		return
	}
	switch l.kind {
	case kindJournal:
		l.header = raw
	case kindSample:
		l.err = decodeStrictly(raw, &l.sample)
	case kindTimeline:
		l.err = decodeStrictly(raw, &l.timeline)
	case kindEnd:
		l.err = decodeStrictly(raw, &l.end)
	case kindRound:
		l.err = decodeStrictly(raw, &l.round)
	case kindResumed:
		l.err = decodeStrictly(raw, &l.resumed)
	}
}
