package ab

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What cannot be compared is refused with a line that names it, before anything
// is measured, and without leaving anything.
func TestWhatIsRefused(t *testing.T) {
	good := tree{"go.mod": goMod, "m.go": "package m\n", "m_test.go": "package m\n\nimport \"testing\"\n\nfunc BenchmarkX(b *testing.B) { for b.Loop() {} }\n"}
	repo := repository(t,
		good,
		tree{"go.mod": goMod + "\nreplace example.com/other => ../other\n"},
		tree{"go.mod": goMod, "later/m.go": "package later\n"},
		tree{"go.mod": goMod, "go.work": "go 1.26\n\nuse .\nuse ../other\n"},
		tree{"go.work": "", "go.mod": "", "m.go": "package m // no module\n"},
	)
	plain, taken := t.TempDir(), t.TempDir()
	tree{"base.txt": "old\n"}.write(t, taken)
	checkLeftovers(t)
	for name, c := range map[string]struct {
		change func(*Options)
		want   string
	}{
		"unknown revision":         {func(o *Options) { o.Head = "nosuch" }, "nosuch is neither a revision nor a folder in "},
		"unknown folder":           {func(o *Options) { o.Head = "./nosuch" }, "nosuch is no folder"},
		"option as revision":       {func(o *Options) { o.Base = "--exec=x" }, `not "--exec=x" and "v0"`},
		"no revision":              {func(o *Options) { o.Head = "" }, "two revisions or folders are compared"},
		"bad regular expression":   {func(o *Options) { o.Bench = "a/b(" }, `-bench "a/b(": error parsing regexp`},
		"unknown place":            {func(o *Options) { o.Folder = filepath.Join(plain, "nosuch") }, "nosuch"},
		"no repository":            {func(o *Options) { o.Folder = plain }, "v0 is neither a revision nor a folder in " + plain},
		"no benchmark":             {func(o *Options) { o.Bench = "Nope" }, `no benchmark matches -bench "Nope" in . on either side`},
		"old files":                {func(o *Options) { o.Out = taken }, "name a new folder with -out"},
		"replacement outside":      {func(o *Options) { o.Head = "v1" }, "head (v1): go.mod names ../other, which is outside of the repository"},
		"workspace outside":        {func(o *Options) { o.Head = "v3" }, "head (v3): go.work names ../other, which is outside of the repository"},
		"no module":                {func(o *Options) { o.Base = "v4" }, "base (v4) has no Go module"},
		"no module in a folder":    {func(o *Options) { o.Base = plain }, "is in no Go module"},
		"folder only on one side":  {func(o *Options) { o.Folder, o.Base = filepath.Join(repo, "later"), "v2" }, "head (v0) has no folder later"},
		"less than nothing to run": {func(o *Options) { o.Rounds = -1 }, "not below 0"},
	} {
		t.Run(name, func(t *testing.T) {
			o := quick(repo, "v0", "v0")
			c.change(&o)
			_, err := Compare(t.Context(), o)
			if wrong := (*SelectionError)(nil); !errors.As(err, &wrong) || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("the error is %T %v, want one line with %q", err, err, c.want)
			}
		})
	}
	if entries, err := os.ReadDir(taken); err != nil || len(entries) != 1 {
		t.Errorf("the folder that was taken holds %v, %v", entries, err)
	}
}

// The compiler's lines are shown, with the side that they are of.
func TestABuildFailureShowsTheCompilersLines(t *testing.T) {
	good, bad := t.TempDir(), t.TempDir()
	test := "package m\n\nimport \"testing\"\n\nfunc BenchmarkX(b *testing.B) { for b.Loop() { F() } }\n"
	tree{"go.mod": goMod, "m.go": "package m\n\nfunc F() {}\n", "m_test.go": test}.write(t, good)
	tree{"go.mod": goMod, "m.go": "package m\n\nfunc F() { undefined() }\n", "m_test.go": test}.write(t, bad)
	checkLeftovers(t)
	_, err := Compare(t.Context(), quick(good, ".", bad))
	if err == nil || !strings.HasPrefix(err.Error(), "head ("+bad+") does not build") || !strings.Contains(err.Error(), "m.go:3:12: undefined: undefined") {
		t.Errorf("the error is %v", err)
	}
	if _, err := Compare(t.Context(), func() Options { o := quick(good, ".", bad); o.Packages = []string{"./nosuch"}; return o }()); err == nil || !strings.Contains(err.Error(), "nosuch") {
		t.Errorf("a package that does not exist: %v", err)
	}
}

// A submodule's files are no part of a revision. It is said, and what needs them
// is refused.
func TestSubmodulesAreSaid(t *testing.T) {
	library := repository(t, tree{"go.mod": "module example.com/library\n", "l.go": "package library\n"})
	repo := repository(t, tree{"go.mod": goMod + "\nreplace example.com/library => ./library\n", "m.go": "package m\n"})
	runGit(t, repo, "submodule", "--quiet", "add", library, "library")
	runGit(t, repo, "commit", "-q", "-m", "a submodule")
	checkLeftovers(t)
	_, err := Compare(t.Context(), quick(repo, "HEAD", "HEAD"))
	if err == nil || !strings.Contains(err.Error(), "go.mod names ./library, which is a submodule") {
		t.Errorf("a replacement in a submodule: %v", err)
	}
	tree{"go.mod": goMod}.write(t, repo)
	runGit(t, repo, "commit", "-q", "-a", "-m", "not needed")
	o, told := quick(repo, "HEAD", "HEAD"), ""
	o.Tell = func(line string) { told += line }
	if _, err := Compare(t.Context(), o); err == nil || !strings.Contains(err.Error(), "no benchmark matches") {
		t.Errorf("a submodule that is not needed: %v", err)
	}
	if !strings.Contains(told, "the submodules of base are not exported (library)") {
		t.Errorf("told was %q", told)
	}
}
