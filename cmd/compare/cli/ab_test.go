package cli

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// writeModule writes a Go module with one package of benchmarks.
func writeModule(t *testing.T, benchmarks string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":    "module example.com/m\n\ngo 1.26\n",
		"m_test.go": "package m\n\nimport \"testing\"\n\n" + benchmarks,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// The command prints a verdict and every unit, keeps files that it names, and its
// exit code tells whether everything was compared.
func TestAbOfTwoFolders(t *testing.T) {
	const one = "func BenchmarkOne(b *testing.B) { b.ReportAllocs(); for b.Loop() {} }\n"
	base := writeModule(t, one)
	head := writeModule(t, one+"func BenchmarkTwo(b *testing.B) { for b.Loop() {} }\n")
	out := filepath.Join(t.TempDir(), "out")
	ab := func(ctx context.Context, args ...string) (code int, stdout, stderr string) {
		var o, e strings.Builder
		code = run(ctx, testTable, append([]string{"ab", base, head, "-rounds", "2", "-each", "1ms"}, args...), &o, &e)
		return code, o.String(), e.String()
	}
	code, stdout, stderr := ab(t.Context(), "-bench", "One", "-seed", "5", "-benchmem", "-out", out)
	if code != exitRight {
		t.Fatalf("exit code %d\n%s%s", code, stdout, stderr)
	}
	for _, want := range []string{
		`(?m)^One(-\d+)?: head against base is inconclusive: there is no 95 % interval of 2 paired rounds`,
		`(?m)^  ns/op: base \S+ ns, head \S+ ns \(×`,
		`(?m)^  allocs/op: base 0, head 0 \(the same in every round\)$`,
		`(?m)^base is the folder ` + regexp.QuoteMeta(base) + ` \(go\d`,
		`(?m)^2 rounds, seed 5; no more because the number of rounds was given$`,
	} {
		if !regexp.MustCompile(want).MatchString(stdout) {
			t.Errorf("%s is not in\n%s", want, stdout)
		}
	}
	if _, err := os.Stat(filepath.Join(out, "head.txt")); err != nil {
		t.Error(err)
	}
	code, stdout, stderr = ab(t.Context())
	if code != exitFailed || !strings.Contains(stdout, "not compared: Two: only head has it\n") || !strings.Contains(stdout, "One") ||
		!strings.HasSuffix(stderr, "compare: not everything was compared: 1 problem is named above\n") {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errInterrupted)
	if code, _, stderr := ab(ctx); code != exitInterrupted || stderr != "compare: interrupted\n" {
		t.Errorf("interrupted: exit code %d\n%s", code, stderr)
	}
}

// A wrong command line is exit code 2 and one line, inert on a terminal.
func TestAbUsage(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct{ args, want string }{
		{"HEAD", "ab takes two revisions or folders, and 1 arguments were given"},
		{"HEAD HEAD -rounds 0", "-rounds is above 0"},
		{"HEAD HEAD -budget 0s", "-budget is above 0"},
		{"HEAD HEAD -each -1s", "lengths of time and rounds are not below 0"},
		{"HEAD HEAD -bench (", "error parsing regexp"},
		{"\x1b[31mred HEAD -C " + dir, "is neither a revision nor a folder"},
		{"HEAD HEAD -benhc x", "ab has no flag -benhc; it has -bench"},
	} {
		var stdout, stderr strings.Builder
		code := run(t.Context(), testTable, append([]string{"ab"}, strings.Fields(c.args)...), &stdout, &stderr)
		text := stderr.String()
		if code != exitUsage || !strings.Contains(text, c.want) || strings.Count(text, "\n") != 1 || strings.Contains(text, "\x1b") || stdout.Len() > 0 {
			t.Errorf("%q: exit code %d\n%q", c.args, code, text)
		}
	}
}
