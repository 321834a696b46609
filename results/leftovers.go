package results

import (
	"os"
	"path/filepath"
)

// asidePattern names the files that ReplaceFile writes aside.
const asidePattern = ".new-*"

// figuresFolder is the folder of a run's figures.
const figuresFolder = "figures"

// removeLeftovers removes what killed processes left of files that they wrote
// aside in the folder of a run. Files that are being written are locked and stay;
// so do all where the system has no locks. A leftover that cannot be removed harms
// nothing, and the next call tries again.
func removeLeftovers(dir string) {
	for _, folder := range []string{dir, filepath.Join(dir, figuresFolder)} {
		entries, _ := os.ReadDir(folder) // nothing is left where there is no folder
		for _, e := range entries {
			if isAside(e) {
				removeUnlocked(filepath.Join(folder, e.Name()))
			}
		}
	}
}

func isAside(e os.DirEntry) bool {
	match, _ := filepath.Match(asidePattern, e.Name())
	return match && e.Type().IsRegular()
}

func removeUnlocked(path string) {
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return
	}
	defer file.Close()
	if tryLock(file) == nil {
		os.Remove(path)
	}
}
