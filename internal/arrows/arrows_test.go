// Package arrows holds a test alone: imports in this module go one way.
package arrows

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const root = "../.."

// allowed says what the packages below a folder may import beside the standard
// library. The first entry that matches a folder counts. A name that ends in
// "/" stands for everything below it.
var allowed = []struct {
	folder string
	may    string
}{
	{"cmd/compare/cli", "juggle/harness juggle/harness/ab juggle/harness/machine juggle/plots juggle/results juggle/workloads juggle/models juggle/internal/nearest golang.org/x/term"},
	{"cmd/compare/example", "juggle/cmd/compare/cli juggle/workloads juggle/models"},
	{"cmd/compare", "juggle/cmd/compare/cli juggle/workloads juggle/workloads/"},
	{"plots", "juggle/results gonum.org/v1/plot gonum.org/v1/plot/ golang.org/x/image/ codeberg.org/go-fonts/liberation/ git.sr.ht/~sbinet/gg"},
	{"harness/trust", "juggle/harness juggle/results juggle/workloads juggle/models golang.org/x/perf/benchmath"},
	{"harness/ab", "juggle/results golang.org/x/perf/benchfmt"},
	{"harness/machine", "juggle/internal/cgroup juggle/results"},
	{"harness", "juggle/harness/machine juggle/results juggle/workloads juggle/models juggle/internal/goroutine juggle/internal/reexec juggle/internal/usage juggle/internal/nearest golang.org/x/sys/"},
	{"results", "golang.org/x/perf/ github.com/aclements/go-moremath/ github.com/montanaflynn/stats"},
	{"workloads/fixture", ""},
	{"workloads", "juggle/models juggle/workloads/fixture juggle/internal/nearest"},
	{"models/eventloop/internal/dns", ""},
	{"models/eventloop", "juggle/internal/goroutine juggle/models/eventloop/internal/dns golang.org/x/sys/"},
	{"models/procpool/internal/shm", "golang.org/x/sys/"},
	{"models/procpool/internal/smallest", "juggle/models/procpool"},
	{"models/procpool", "juggle/internal/cgroup juggle/internal/reexec juggle/internal/usage juggle/models/procpool/internal/shm golang.org/x/sys/"},
	{"models", "juggle/models/eventloop juggle/models/procpool juggle/internal/usage"},
	{"internal/reexec", "juggle/internal/cgroup golang.org/x/sys/"},
	{"internal", "golang.org/x/sys/"},
}

// testsToo are modules that only tests may import.
const testsToo = "github.com/google/go-cmp/ github.com/rogpeppe/go-internal/ pgregory.net/rapid golang.org/x/sys/"

func TestImportsGoOneWay(t *testing.T) {
	packages := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name := d.Name(); name != ".." && (strings.HasPrefix(name, ".") || name == "testdata") {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		packages++
		return checkFile(t, path)
	})
	if err != nil {
		t.Fatal(err)
	}
	if packages < 20 {
		t.Fatalf("only %d files were found", packages)
	}
}

// checkFile reports the imports of a file that turn an arrow.
func checkFile(t *testing.T, path string) error {
	folder, err := filepath.Rel(root, filepath.Dir(path))
	if err != nil {
		return err
	}
	folder = filepath.ToSlash(folder)
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
	if err != nil {
		return err
	}
	may, known := rule(folder)
	if !known {
		t.Errorf("no rule says what %s may import; add one", folder)
	}
	isTest := strings.HasSuffix(path, "_test.go")
	for _, spec := range file.Imports {
		name := strings.Trim(spec.Path.Value, `"`)
		switch {
		case isStandard(name) || matches(may, name):
		case isTest && (matches(testsToo, name) || matches(mayInTests(folder), name)):
		default:
			t.Errorf("%s imports %s; packages in %s may import the standard library and %q", path, name, folder, may)
		}
	}
	return nil
}

// mayInTests lets the tests of a package import the package itself and, below
// models, what the package is used with.
func mayInTests(folder string) string {
	return "juggle/" + folder + " juggle/models/procpool juggle/workloads/fixture"
}

func rule(folder string) (may string, known bool) {
	for _, a := range allowed {
		if folder == a.folder || strings.HasPrefix(folder, a.folder+"/") {
			return a.may, true
		}
	}
	return "", false
}

func matches(list, name string) bool {
	for pattern := range strings.FieldsSeq(list) {
		if name == pattern || strings.HasSuffix(pattern, "/") && strings.HasPrefix(name, pattern) {
			return true
		}
	}
	return false
}

// isStandard tells packages of the standard library: their first element has no
// dot, and they are not ours.
func isStandard(name string) bool {
	first, _, _ := strings.Cut(name, "/")
	return first != "juggle" && !strings.Contains(first, ".")
}

// The rules must be able to fail.
func TestRulesRefuse(t *testing.T) {
	for folder, name := range map[string]string{
		"models":           "juggle/workloads",
		"internal/cgroup":  "juggle/internal/reexec",
		"results":          "juggle/harness",
		"plots":            "juggle/harness",
		"harness":          "gonum.org/v1/plot",
		"models/eventloop": "juggle/models",
		"workloads":        "juggle/results",
	} {
		if may, _ := rule(folder); matches(may, name) || isStandard(name) {
			t.Errorf("%s may import %s", folder, name)
		}
	}
	if _, err := os.Stat(filepath.Join(root, "go.mod")); err != nil {
		t.Error(err)
	}
}
