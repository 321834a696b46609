package ab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// quietGit are settings under which git writes nothing into the repository that
// it reads from: no part of an index, no daemon beside it, no hook.
var quietGit = []string{
	"-c", "core.splitIndex=false", "-c", "core.fsmonitor=false", "-c", "core.untrackedCache=false",
	"-c", "core.sparseCheckout=false", "-c", "index.sparse=false", "-c", "core.hooksPath=" + os.DevNull,
}

func git(folder string, environment []string, args ...string) tool {
	return tool{folder, environment, "git", append(append([]string{}, quietGit...), args...)}
}

// findCommit returns the hash of the commit that a name stands for in the
// repository of a folder.
func findCommit(ctx context.Context, folder, name string) (string, error) {
	out, err := git(folder, nil, "rev-parse", "--verify", "--end-of-options", name+"^{commit}").run(ctx)
	if failed := (*toolError)(nil); errors.As(err, &failed) {
		if errors.Is(err, exec.ErrNotFound) {
			return "", fmt.Errorf("comparing revisions needs git: %w; install it, or compare two folders", err)
		}
		return "", selection("%s is neither a revision nor a folder in %s (git says %q)", name, folder, failed.lines)
	}
	return strings.TrimSpace(out), err
}

// export writes the files of the side's commit under root.
//
// The commit is read into an index of its own and checked out from there, so
// that HEAD, index, references and files of the user stay as they are. A
// worktree would have an entry in the repository, which stays when this process
// is killed; an archive lacks what the attribute export-ignore leaves out, and
// has other text where export-subst says so. Filters run as at a checkout.
func (s *Side) export(ctx context.Context, folder, root string) error {
	prefix, err := git(folder, nil, "rev-parse", "--show-prefix").run(ctx)
	if err != nil {
		return err
	}
	if err := os.Mkdir(root, 0o755); err != nil {
		return err
	}
	environment := []string{"GIT_INDEX_FILE=" + root + ".index"}
	if _, err := git(folder, environment, "read-tree", s.Commit).run(ctx); err != nil {
		return fmt.Errorf("exporting %s: %w", s.Name, err)
	}
	if _, err := git(folder, environment, "--work-tree="+root, "checkout-index", "--all", "--force", "--quiet").run(ctx); err != nil {
		return fmt.Errorf("exporting %s: %w", s.Name, err)
	}
	s.root, s.dir = root, filepath.Join(root, filepath.FromSlash(strings.TrimSuffix(prefix, "\n")))
	if !isDir(s.dir) {
		return selection("%s (%s) has no folder %s", s.Label, s.Name, strings.TrimSpace(prefix))
	}
	s.submodules = findSubmodules(ctx, root)
	return nil
}

// findSubmodules lists the paths of an exported tree that are other
// repositories' commits. They are not exported: this repository may not even
// have them.
func findSubmodules(ctx context.Context, root string) (paths []string) {
	out, err := git(root, nil, "config", "--file", filepath.Join(root, ".gitmodules"), "--get-regexp", `^submodule\..*\.path$`).run(ctx)
	if err != nil { // there is no such file, or it names none
		return nil
	}
	for line := range strings.Lines(out) {
		if _, path, found := strings.Cut(strings.TrimSpace(line), " "); found {
			paths = append(paths, path)
		}
	}
	return paths
}
