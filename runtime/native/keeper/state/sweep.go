package state

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// young is how old a directory without a lock must be to count as left behind: it may just be being made.
const young = 10 * time.Second

// Sweep removes the directories below root whose keepers are gone, each after removeCgroup was called for its cgroups and
// noteEnd with its description, if it has one. It returns the names of those it removed. A root that does not exist has nothing in it.
// Sweeps of one root wait for each other: what one has found to be dead is noted when the next returns, too.
func Sweep(root string, removeCgroup func(path string) error, noteEnd func(info []byte)) ([]string, error) {
	alone, err := os.OpenFile(root, os.O_RDONLY|syscall.O_DIRECTORY, 0)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("sweep: %w", err)
	}
	defer alone.Close()
	if err := syscall.Flock(int(alone.Fd()), syscall.LOCK_EX); err != nil {
		return nil, fmt.Errorf("sweep: lock %s: %w", root, err)
	}
	entries, err := os.ReadDir(root)
	if err != nil {
		return nil, fmt.Errorf("sweep: %w", err)
	}
	var removed []string
	var failed error
	for _, entry := range entries {
		if !entry.IsDir() || entry.Name() == NamesName {
			continue
		}
		gone, err := sweepOne(filepath.Join(root, entry.Name()), removeCgroup, noteEnd)
		failed = errors.Join(failed, err)
		if gone {
			removed = append(removed, entry.Name())
		}
	}
	return removed, failed
}

func sweepOne(path string, removeCgroup func(path string) error, noteEnd func(info []byte)) (bool, error) {
	info, err := os.Lstat(filepath.Join(path, lockName))
	if errors.Is(err, os.ErrNotExist) {
		return sweepUnlocked(path)
	}
	if err != nil || !info.Mode().IsRegular() {
		return false, nil
	}
	file, err := lock(filepath.Join(path, lockName))
	if err != nil {
		return false, nil // in use, or another user's
	}
	defer file.Close()
	content, err := os.ReadFile(filepath.Join(path, cgroupsName))
	if err == nil {
		for _, cgroup := range strings.Fields(string(content)) {
			if err := removeCgroup(cgroup); err != nil {
				return false, fmt.Errorf("sweep %s: %w", path, err)
			}
		}
	}
	if info, err := ReadInfo(path); err == nil {
		noteEnd(info)
	}
	return true, os.RemoveAll(path)
}

// sweepUnlocked removes what a keeper left that was ended while it made or removed its directory.
func sweepUnlocked(path string) (bool, error) {
	info, err := os.Lstat(path)
	if err != nil || time.Since(info.ModTime()) < young || !ours(path) {
		return false, nil
	}
	return true, os.RemoveAll(path)
}

// ours says whether a directory without a lock has nothing in it but what keepers make.
func ours(path string) bool {
	entries, err := os.ReadDir(path)
	if err != nil {
		return false
	}
	for _, entry := range entries {
		switch entry.Name() {
		case lockName + ".new", socketName, bundleName, rootName, logName, cgroupsName, infoName, infoName + ".new", outputName, outputName + ".1":
		default:
			return false
		}
	}
	return true
}
