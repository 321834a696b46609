package cgroup

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// A place is where this process stands in a hierarchy that has a controller.
type place struct {
	version int
	own     string // directory of its own group
	mount   string // directory above which nothing is seen
}

// places returns the hierarchies that are mounted and may have a controller, such
// as "memory", v2 first. A hybrid system mounts both, and one of them has it.
func (fs fileSystem) places(controller string) ([]place, error) {
	mounts, err := os.ReadFile(filepath.Join(fs.root, "proc/self/mountinfo"))
	if err != nil {
		return nil, err
	}
	membership, err := os.ReadFile(filepath.Join(fs.root, "proc/self/cgroup"))
	if err != nil {
		return nil, err
	}
	var places []place
	for _, version := range []int{2, 1} {
		own, ok := ownPath(membership, version, controller)
		if !ok {
			continue
		}
		for _, m := range parseMounts(mounts, controller) {
			below, err := below(own, m.root)
			if m.version == version && err == nil {
				mount := filepath.Join(fs.root, m.point)
				places = append(places, place{version, filepath.Join(mount, below), mount})
				break
			}
		}
	}
	return places, nil
}

// ownPath finds this process's group in the text of /proc/self/cgroup, with
// lines such as "0::/user.slice" for v2 and "4:memory:/jobs" for v1; see
// cgroups(7). A group that was removed, or lies outside of what this process
// may see, is none.
func ownPath(text []byte, version int, controller string) (path string, ok bool) {
	for line := range bytes.Lines(text) {
		fields := strings.SplitN(strings.TrimSuffix(string(line), "\n"), ":", 3)
		if len(fields) != 3 {
			continue
		}
		number, controllers, path := fields[0], strings.Split(fields[1], ","), fields[2]
		unified := number == "0" && fields[1] == ""
		if version == 2 && !unified || version == 1 && !slices.Contains(controllers, controller) {
			continue
		}
		if !strings.HasPrefix(path, "/") || strings.HasSuffix(path, " (deleted)") || climbs(path) {
			return "", false
		}
		return path, true
	}
	return "", false
}

// climbs tells whether path has an element "..": what is outside of a cgroup
// namespace is written so.
func climbs(path string) bool { return slices.Contains(strings.Split(path, "/"), "..") }

// A mount is a cgroup file system that was mounted.
type mount struct {
	version int
	root    string // the group that is seen at point
	point   string
}

// parseMounts finds the cgroup file systems in the text of /proc/self/mountinfo
// that are v2, or v1 with the controller. A line is
//
//	36 35 98:0 /root /point rw,noatime master:1 - cgroup2 source rw
//
// with any number of fields before the "-"; see proc_pid_mountinfo(5).
func parseMounts(text []byte, controller string) []mount {
	var mounts []mount
	for line := range bytes.Lines(text) {
		fields := strings.Fields(string(line))
		dash := slices.Index(fields, "-")
		if dash < 6 || len(fields) < dash+4 {
			continue
		}
		m := mount{root: unescape(fields[3]), point: unescape(fields[4])}
		switch options := strings.Split(fields[dash+3], ","); fields[dash+1] {
		case "cgroup2":
			m.version = 2
		case "cgroup":
			if slices.Contains(options, controller) {
				m.version = 1
			}
		}
		if m.version != 0 && strings.HasPrefix(m.root, "/") && strings.HasPrefix(m.point, "/") && !climbs(m.root) && !climbs(m.point) {
			mounts = append(mounts, m)
		}
	}
	return mounts
}

// unescape turns the octal escapes of mountinfo, such as \040 for a space, back.
func unescape(field string) string {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(field, `\`)
		b.WriteString(before)
		if !found {
			return b.String()
		}
		field = after
		if len(after) >= 3 {
			if code, err := strconv.ParseUint(after[:3], 8, 8); err == nil {
				b.WriteByte(byte(code))
				field = after[3:]
				continue
			}
		}
		b.WriteByte('\\')
	}
}

// below returns the part of path below root.
func below(path, root string) (string, error) {
	if root == "/" {
		return path, nil
	}
	rest, found := strings.CutPrefix(path, root)
	if !found || rest != "" && rest[0] != '/' {
		return "", fmt.Errorf("%s is not below %s", path, root)
	}
	return rest, nil
}

// errNoKey says that a file has no such line.
var errNoKey = errors.New("no such line")

// parseKeyed finds the number in a line such as "oom_kill 3" of memory.events,
// memory.oom_control or /proc/vmstat.
func parseKeyed(text []byte, key string) (int64, error) {
	for line := range bytes.Lines(text) {
		words := bytes.Fields(line)
		if len(words) == 2 && string(words[0]) == key {
			return strconv.ParseInt(string(words[1]), 10, 64)
		}
	}
	return 0, fmt.Errorf("%s: %w", key, errNoKey)
}

// wordsOf reads a file of words.
func wordsOf(file string) ([]string, error) {
	text, err := os.ReadFile(file)
	return strings.Fields(string(text)), err
}

// write writes to a file that is there. The kernel takes one write as one
// command.
func write(file, text string) error {
	f, err := os.OpenFile(file, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}
