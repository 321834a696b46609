package ab

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// A Side is one of the two things that are compared.
type Side struct {
	// Label is "base" or "head"; sentences and problems call the side so.
	Label string
	// Name is the revision or folder as it was given.
	Name string
	// Commit is the full hash of a revision, and "" of a folder.
	Commit string
	// GoVersion is the Go that builds this side, such as "go1.26.8".
	GoVersion string

	root string // the exported tree, or the folder given
	dir  string // where packages are named from: root, or a folder below it
	temp string // for what its processes leave behind
	// environment is added for every command that works on this side.
	environment []string
	submodules  []string // paths that a revision has and the export lacks
}

// String is how a side is introduced.
func (s *Side) String() string {
	if s.Commit == "" {
		return fmt.Sprintf("%s is the folder %s (%s)", s.Label, s.dir, s.GoVersion)
	}
	return fmt.Sprintf("%s is %s (%.12s, %s)", s.Label, s.Name, s.Commit, s.GoVersion)
}

// resolveSide finds out what a name stands for, below folder, and puts a
// revision's files under temp.
//
// What names a commit is a revision, even if a folder has the same name, because
// that is the common case; a path that begins with a dot or is absolute can
// only be a folder.
func resolveSide(ctx context.Context, label, name, folder, temp string) (*Side, error) {
	s := &Side{Label: label, Name: name, temp: filepath.Join(temp, "t")}
	path := name
	if !filepath.IsAbs(path) {
		path = filepath.Join(folder, name)
	}
	plainPath := filepath.IsAbs(name) || strings.HasPrefix(name, ".")
	if !plainPath {
		commit, err := findCommit(ctx, folder, name)
		if err != nil && (ctx.Err() != nil || !isDir(path)) {
			return nil, err
		}
		s.Commit = commit
	}
	switch {
	case s.Commit != "":
		if err := s.export(ctx, folder, filepath.Join(temp, label)); err != nil {
			return nil, err
		}
	case isDir(path):
		s.root, s.dir = path, path
	default:
		return nil, selection("%s: %s is no folder", label, path)
	}
	return s, s.inspect(ctx)
}

// tool is a command that works on this side.
func (s *Side) tool(dir, name string, args ...string) tool {
	return tool{dir: dir, name: name, args: args, environment: append(temporary(s.temp), s.environment...)}
}

// absolute resolves links, too: the temporary folder is behind one on some
// systems, and the go command tells paths without them.
func absolute(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	if path, err = filepath.EvalSymlinks(path); err != nil {
		return "", err
	}
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		return "", fmt.Errorf("%s is no folder", path)
	}
	return path, nil
}

// within tells whether path is dir or below it.
func within(dir, path string) bool {
	rest, err := filepath.Rel(dir, path)
	return err == nil && filepath.IsLocal(rest)
}
