package cgroup

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Lines as systems write them.
const (
	lineRoot    = "23 29 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw\n"
	lineV2      = "31 23 0:27 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"
	lineHybrid  = "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n"
	lineMemory  = "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
	lineCPU     = "32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu,cpuacct\n"
	lineDocker  = `50 40 0:32 /docker/ab /sys/fs/cg\040roup/memory ro master:12 - cgroup cgroup rw,memory` + "\n"
	lineOutside = "31 23 0:27 /../.. /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"
)

func TestMounts(t *testing.T) {
	for text, want := range map[string][]mount{
		lineRoot + lineV2: {{2, "/", "/sys/fs/cgroup"}},
		lineCPU + lineMemory + lineHybrid: {
			{1, "/", "/sys/fs/cgroup/memory"}, {2, "/", "/sys/fs/cgroup/unified"},
		},
		lineDocker:                              {{1, "/docker/ab", "/sys/fs/cg roup/memory"}},
		lineOutside:                             nil,
		"":                                      nil,
		"31 23 0:27 / /x rw cgroup2 cgroup2 rw": nil,
		"- cgroup2 x rw":                        nil,
		"31 23 0:27 / /x rw - cgroup2":          nil,
		strings.Replace(lineV2, "/sys", "sys", 1): nil,
	} {
		if diff := cmp.Diff(want, parseMounts([]byte(text), "memory"), cmp.AllowUnexported(mount{})); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
}

func TestOwnPath(t *testing.T) {
	const hybrid = "9:name=systemd:/a\n4:cpu,memory:/process/b:c\n0::/\n"
	for _, c := range []struct {
		text    string
		version int
		want    string
		ok      bool
	}{
		{"0::/user.slice/run.scope\n", 2, "/user.slice/run.scope", true},
		{"0::/user.slice/run.scope\n", 1, "", false},
		{hybrid, 1, "/process/b:c", true},
		{hybrid, 2, "/", true},
		{"0::/gone (deleted)\n", 2, "", false},
		{"0::/../other\n", 2, "", false},
		{"0::relative\n", 2, "", false},
		{"3:memoryless:/x\n", 1, "", false},
		{"0:", 2, "", false},
		{"", 2, "", false},
	} {
		if got, ok := ownPath([]byte(c.text), c.version, "memory"); got != c.want || ok != c.ok {
			t.Errorf("v%d in %q: got %q, %v, want %q, %v", c.version, c.text, got, ok, c.want, c.ok)
		}
	}
}

func TestUnescape(t *testing.T) {
	for field, want := range map[string]string{
		`a\040b`: "a b", `\134x`: `\x`, `a\`: `a\`, `\04`: `\04`, `\999`: `\999`, `\777`: `\777`, "": "", `\040\011`: " \t",
	} {
		if got := unescape(field); got != want {
			t.Errorf("%q gives %q, want %q", field, got, want)
		}
	}
}

func TestKeyed(t *testing.T) {
	const text = "oom 5\noom_kill 3\noom_group_kill 1\nbroken x\nlone\n"
	for key, want := range map[string]int64{"oom": 5, "oom_kill": 3, "oom_group_kill": 1} {
		if n, err := parseKeyed([]byte(text), key); n != want || err != nil {
			t.Errorf("%s is %d, %v, want %d", key, n, err, want)
		}
	}
	for _, key := range []string{"broken", "lone", "absent", ""} {
		if n, err := parseKeyed([]byte(text), key); err == nil {
			t.Errorf("%q is %d", key, n)
		}
	}
}

// Whatever a file says, what comes out is a directory below the mount.
func FuzzPlaces(f *testing.F) {
	f.Add(lineV2, "0::/a/b\n")
	f.Add(lineHybrid+lineMemory, "4:memory:/process\n0::/\n")
	f.Add(lineDocker, "4:memory:/docker/ab/c\n")
	f.Add(lineOutside, "0::/../..\n")
	f.Fuzz(func(t *testing.T, mounts, membership string) {
		root := t.TempDir()
		fs := fakeFiles(t, root, map[string]string{"proc/self/mountinfo": mounts, "proc/self/cgroup": membership})
		places, err := fs.places("memory")
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range places {
			below, err := filepath.Rel(p.mount, p.own)
			if err != nil || below == ".." || strings.HasPrefix(below, "../") || !strings.HasPrefix(p.mount, root) {
				t.Errorf("%+v is not below its mount", p)
			}
		}
	})
}

func FuzzKeyed(f *testing.F) {
	f.Add("oom 5\noom_kill 3\n", "oom_kill")
	f.Add("oom_kill 99999999999999999999\n", "oom_kill")
	f.Fuzz(func(t *testing.T, text, key string) {
		n, err := parseKeyed([]byte(text), key)
		if err == nil && (key == "" || !strings.Contains(text, key)) {
			t.Errorf("%q gives %d for %q", text, n, key)
		}
	})
}
