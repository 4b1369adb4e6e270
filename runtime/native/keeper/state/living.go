package state

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
)

// maxInfo bounds what is read of a description.
const maxInfo = 256 << 10

// Living returns the directories below root whose keepers live. A root that does not exist has none in it.
func Living(root string) ([]string, error) {
	entries, err := os.ReadDir(root)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for sandboxes: %w", err)
	}
	var living []string
	for _, entry := range entries {
		if path := filepath.Join(root, entry.Name()); entry.IsDir() && isHeld(filepath.Join(path, lockName)) {
			living = append(living, path)
		}
	}
	return living, nil
}

// isHeld says whether a process holds the lock. It does not keep a keeper from taking it: that one locks a new file.
func isHeld(path string) bool {
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return false
	}
	defer file.Close()
	return errors.Is(syscall.Flock(int(file.Fd()), syscall.LOCK_SH|syscall.LOCK_NB), syscall.EWOULDBLOCK)
}

// ReadInfo is what a sandbox's keeper wrote to describe it.
func ReadInfo(directory string) ([]byte, error) {
	file, err := os.OpenFile(filepath.Join(directory, infoName), os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, maxInfo+1))
	if err == nil && len(content) > maxInfo {
		err = fmt.Errorf("the description in %s is longer than %d bytes", directory, maxInfo)
	}
	return content, err
}
