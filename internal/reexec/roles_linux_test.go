package reexec

import (
	"fmt"
	"os"
	"runtime"
	"strings"
)

// serveRoles serves what only Linux's tests start.
func serveRoles() {
	if os.Getenv("REEXEC_GRANDCHILD") != "" {
		serveGrandchild()
	}
	if socket := Inherited("family"); socket != nil {
		serveFamily(socket)
	}
}

// answer answers the words that only Linux's tests say.
func answer(word string) string {
	switch word {
	case "lifeline":
		return describeLifeline()
	case "cpus":
		cpus, err := AllowedCPUs()
		return fmt.Sprint(cpus, runtime.NumCPU(), err)
	case "oom score":
		text, err := os.ReadFile("/proc/self/oom_score_adj")
		return fmt.Sprintf("%s, %v", strings.TrimSpace(string(text)), err)
	case "cgroup":
		text, err := os.ReadFile("/proc/self/cgroup")
		return fmt.Sprintf("%q %v", text, err)
	case "allocate":
		hoard := make([]byte, 512<<20)
		for i := 0; i < len(hoard); i += 4096 {
			hoard[i] = 1
		}
		return fmt.Sprint(len(hoard))
	case "files":
		entries, err := os.ReadDir("/proc/self/fd")
		return fmt.Sprint(len(entries), err)
	}
	return word
}
