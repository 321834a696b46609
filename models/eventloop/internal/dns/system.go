package dns

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
)

// The largest parts of the files that are read. Hosts files that block half the
// world have several MiB.
const (
	maxHostsFile = 16 << 20
	maxFile      = 64 << 10
)

// A System is what the files of a machine say about the names of hosts.
type System struct {
	Config  Config
	Hosts   Hosts
	Sources []Source

	stamps [3]stamp
}

// A stamp tells whether a file has changed.
type stamp struct {
	changed int64 // in nanoseconds since 1970
	size    int64
}

// Load reads resolv.conf, hosts and nsswitch.conf in folder, but takes what has
// not changed from old, which may be nil. A file that is missing or cannot be
// read counts as empty: the C library does so, and in a container the files are
// often missing. Load blocks. It changes nothing of old.
func Load(folder string, old *System) *System {
	fresh := new(System)
	if old != nil {
		*fresh = *old
	}
	for i, file := range []struct {
		name  string
		limit int64
		parse func(text string)
	}{
		{"resolv.conf", maxFile, func(text string) {
			hostname, _ := os.Hostname() // without one there is no domain
			fresh.Config = ParseConfig(text, hostname)
		}},
		{"hosts", maxHostsFile, func(text string) { fresh.Hosts = ParseHosts(text) }},
		{"nsswitch.conf", maxFile, func(text string) { fresh.Sources = ParseSources(text) }},
	} {
		path := filepath.Join(folder, file.name)
		now := look(path)
		if old != nil && now == old.stamps[i] {
			continue
		}
		fresh.stamps[i] = now
		text, err := read(path, file.limit)
		if err != nil {
			text = ""
		}
		file.parse(text)
	}
	return fresh
}

// look returns the stamp of a file, the zero stamp if there is none.
func look(path string) stamp {
	info, err := os.Stat(path)
	if err != nil {
		return stamp{}
	}
	return stamp{info.ModTime().UnixNano(), info.Size()}
}

var errNoFile = errors.New("not a regular file")

// read returns the text of a file. Of one that is larger than limit it returns
// the lines that fit.
func read(path string, limit int64) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() {
		return "", errNoFile // a pipe would block, perhaps for ever
	}
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, limit))
	if err != nil {
		return "", err
	}
	if int64(len(text)) == limit {
		text = text[:bytes.LastIndexByte(text, '\n')+1]
	}
	return string(text), nil
}
