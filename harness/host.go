package harness

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"juggle/results"
)

// readHost describes this machine. What it does not tell stays empty.
func readHost() results.Host {
	h := results.Host{
		OS: runtime.GOOS, Arch: runtime.GOARCH,
		CPUs: runtime.NumCPU(), GOMAXPROCS: runtime.GOMAXPROCS(0),
		CPU:      field("/proc/cpuinfo", "model name"),
		Kernel:   firstLine("/proc/sys/kernel/osrelease"),
		Governor: firstLine("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
	}
	if words := strings.Fields(field("/proc/meminfo", "MemTotal")); len(words) > 0 {
		kilobytes, _ := strconv.ParseInt(words[0], 10, 64)
		h.MemoryBytes = kilobytes * 1024
	}
	h.Virtualization = virtualization()
	return h
}

// busyWatch is how long readBusy watches.
const busyWatch = 200 * time.Millisecond

// readBusy tells how many CPUs are kept busy while this process does nothing,
// and 0 where the system does not tell. It takes a fifth of a second.
func readBusy() float64 {
	before, total := idleTicks()
	time.Sleep(busyWatch)
	after, totalAfter := idleTicks()
	if totalAfter == total {
		return 0
	}
	busy := 1 - float64(after-before)/float64(totalAfter-total)
	return max(0, busy) * float64(runtime.NumCPU())
}

// idleTicks returns the ticks that all CPUs together spent idle, waiting for a
// disk or not, and all ticks; see proc_stat(5).
func idleTicks() (idle, total int64) {
	words := strings.Fields(firstLine("/proc/stat"))
	for i, word := range words {
		n, err := strconv.ParseInt(word, 10, 64)
		if err != nil { // the word "cpu" at the begin
			continue
		}
		total += n
		if i == 4 || i == 5 {
			idle += n
		}
	}
	return idle, total
}

// virtualization names the hypervisor as far as Linux tells: its vendor from
// the firmware, else only that the processor reports one.
func virtualization() string {
	flags := strings.Fields(field("/proc/cpuinfo", "flags"))
	if len(flags) == 0 {
		return ""
	}
	for _, flag := range flags {
		if flag != "hypervisor" {
			continue
		}
		if vendor := firstLine("/sys/class/dmi/id/sys_vendor"); vendor != "" {
			return vendor
		}
		return "a hypervisor"
	}
	return "none"
}

func firstLine(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	line, _, _ := bytes.Cut(text, []byte("\n"))
	return string(bytes.TrimSpace(line))
}

// field returns what follows "name :" in a file of such lines.
func field(path, name string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(text)) {
		if key, value, found := strings.Cut(line, ":"); found && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// readBuild identifies this program.
func readBuild() (results.Build, error) {
	b := results.Build{GoVersion: runtime.Version()}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			switch {
			case s.Key == "vcs.revision":
				b.Revision = s.Value + b.Revision
			case s.Key == "vcs.modified" && s.Value == "true":
				b.Revision += "+dirty"
			}
		}
	}
	path, err := os.Executable()
	if err != nil {
		return b, fmt.Errorf("finding this program's own file: %w", err)
	}
	file, err := os.Open(filepath.Clean(path))
	if err != nil {
		return b, fmt.Errorf("reading this program's own file: %w", err)
	}
	defer file.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return b, fmt.Errorf("reading this program's own file: %w", err)
	}
	b.BinarySHA256 = hex.EncodeToString(sum.Sum(nil))
	return b, nil
}
