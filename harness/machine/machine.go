// Package machine reads what a machine is, what disturbs it, and what it gives.
//
// # Vocabulary
//
// A [Source] is where a machine is read: the files of Linux's /proc and /sys
// below a root, so that tests read made-up ones. A [Reading] is the state of the
// counters at one moment; two of them give the conditions between. A [Finding]
// is a line of what "compare doctor" says.
//
// # Limits
//
// Only Linux has these files. Elsewhere everything stays empty or is not
// measured, with the reason. All parsers take any text.
package machine

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// A Source is where a machine is read. The zero value is this machine.
type Source struct {
	// Root stands in front of every path; "" is "/".
	Root string
}

func (s Source) path(name string) string { return filepath.Join("/", s.Root, name) }

// maxFile bounds what is read of a file: /proc/stat of a large machine has some
// 100 KB.
const maxFile = 1 << 20

func (s Source) read(name string) ([]byte, error) {
	text, err := os.ReadFile(s.path(name))
	return text[:min(len(text), maxFile)], err
}

// line returns the first line of a file, "" where it cannot be read.
func (s Source) line(name string) string {
	text, err := s.read(name)
	if err != nil {
		return ""
	}
	line, _, _ := bytes.Cut(text, []byte("\n"))
	return string(bytes.TrimSpace(line))
}

// number returns the number that a file holds.
func (s Source) number(name string) (float64, bool) { return number(s.line(name)) }

// lines returns the different first lines of the files that match a pattern.
func (s Source) lines(pattern string) (texts []string) {
	files, _ := filepath.Glob(s.path(pattern))
	for _, file := range files {
		if text := (Source{}).line(file); text != "" {
			texts = append(texts, text)
		}
	}
	slices.Sort(texts)
	return slices.Compact(texts)
}

// field returns what follows "name :" in a file of such lines.
func (s Source) field(name, key string) string {
	text, _ := s.read(name)
	return field(string(text), key)
}

func field(text, key string) string {
	for line := range strings.Lines(text) {
		if name, value, found := strings.Cut(line, ":"); found && strings.TrimSpace(name) == key {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// kilobytes is a number of /proc/meminfo in bytes.
func (s Source) kilobytes(key string) (bytes float64, known bool) {
	words := strings.Fields(s.field("proc/meminfo", key))
	if len(words) == 0 {
		return 0, false
	}
	kb, known := number(words[0])
	return kb * 1024, known
}

// number reads a decimal number that is neither negative nor infinite.
func number(text string) (float64, bool) {
	n, err := strconv.ParseFloat(text, 64)
	return n, err == nil && n >= 0 && n <= 1e19
}
