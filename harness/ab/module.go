package ab

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// inspect asks the go command about a side's module and readies what its
// commands need. For a revision it checks that the module is complete in the
// exported tree.
func (s *Side) inspect(ctx context.Context) error {
	if err := os.MkdirAll(s.temp, 0o755); err != nil {
		return err
	}
	if _, err := exec.LookPath("go"); err != nil {
		return fmt.Errorf("building test binaries needs the go command: %w", err)
	}
	if s.Commit != "" {
		// A workspace of the environment is for the user's own folders.
		s.environment = []string{"GOWORK="}
		if os.Getenv("GOWORK") == "off" {
			s.environment = []string{"GOWORK=off"}
		}
	}
	var about struct{ GOMOD, GOWORK, GOVERSION string }
	if err := s.ask(ctx, &about, "env", "-json", "GOMOD", "GOWORK", "GOVERSION"); err != nil {
		return err
	}
	s.GoVersion = about.GOVERSION
	inModule := about.GOMOD != "" && about.GOMOD != os.DevNull
	inWork := about.GOWORK != "" && about.GOWORK != "off"
	if s.Commit == "" {
		if !inModule && !inWork {
			return selection("%s: the folder %s is in no Go module", s.Label, s.dir)
		}
		return nil
	}
	if inWork && !within(s.root, about.GOWORK) { // one that lies above the temporary folder
		s.environment, inWork = []string{"GOWORK=off"}, false
	}
	inModule = inModule && within(s.root, about.GOMOD)
	if !inModule && !inWork {
		return selection("%s (%s) has no Go module in the folder %s; name the module's folder with -C", s.Label, s.Name, s.place(s.dir))
	}
	if inModule {
		if err := s.checkComplete(ctx, "mod", about.GOMOD); err != nil {
			return err
		}
	}
	if inWork {
		return s.checkComplete(ctx, "work", about.GOWORK)
	}
	return nil
}

// ask runs the go command and reads its answer.
func (s *Side) ask(ctx context.Context, answer any, args ...string) error {
	out, err := s.tool(s.dir, "go", args...).run(ctx)
	if err != nil {
		return fmt.Errorf("%s (%s): %w", s.Label, s.Name, err)
	}
	if err := json.Unmarshal([]byte(out), answer); err != nil {
		return fmt.Errorf("%s (%s): reading what go %s prints: %w", s.Label, s.Name, args[0], err)
	}
	return nil
}

// checkComplete refuses a go.mod or go.work whose relative paths lead out of the
// exported tree: what they name is no part of the revision, so it is not there.
// An absolute path is left alone: both sides then use what is there now.
func (s *Side) checkComplete(ctx context.Context, kind, file string) error {
	var content struct {
		Replace []struct {
			New struct{ Path, Version string }
		}
		Use []struct{ DiskPath string }
	}
	if err := s.ask(ctx, &content, kind, "edit", "-json", file); err != nil {
		return err
	}
	var paths []string
	for _, r := range content.Replace {
		if r.New.Version == "" {
			paths = append(paths, r.New.Path)
		}
	}
	for _, u := range content.Use {
		paths = append(paths, u.DiskPath)
	}
	for _, path := range paths {
		target := filepath.FromSlash(path)
		if filepath.IsAbs(target) {
			continue
		}
		target = filepath.Join(filepath.Dir(file), target)
		missing := ""
		switch {
		case !within(s.root, target):
			missing = "is outside of the repository"
		case !isDir(target):
			missing = "is not in the repository"
		case isEmpty(target):
			missing = "is a submodule"
		default:
			continue
		}
		return selection("%s (%s): %s names %s, which %s and so no part of the revision's files; check both revisions out whole and compare the two folders",
			s.Label, s.Name, s.place(file), path, missing)
	}
	return nil
}

// isEmpty tells whether a folder holds nothing, as that of a submodule does.
func isEmpty(dir string) bool {
	entries, err := os.ReadDir(dir)
	return err == nil && len(entries) == 0
}

// place is a path in the exported tree as the repository knows it.
func (s *Side) place(path string) string {
	rest, err := filepath.Rel(s.root, path)
	if err != nil {
		return path
	}
	return strings.TrimPrefix(filepath.ToSlash(rest), "./")
}
