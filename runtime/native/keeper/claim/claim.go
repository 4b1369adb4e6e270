// Package claim makes names of sandboxes unique: whoever runs under a name holds a lock on a file that is called so, and the
// file says who it is. The kernel frees the lock of a process that was killed.
package claim

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// maxID bounds what is read of a file that says who holds a name.
const maxID = 64

// Taken says that another sandbox has the name.
type Taken struct {
	App, Name string
	// Holder is the id of the sandbox that has it.
	Holder string
}

func (t *Taken) Error() string {
	return fmt.Sprintf("the name %q of the app %q is taken by the sandbox %s", t.Name, t.App, t.Holder)
}

// Claim is a name that is held.
type Claim struct {
	directory string
	path      string
	file      *os.File
}

// Path is where a claim of the name is kept. Neither the app nor the name has a slash, and "@" is in none.
func Path(directory, app, name string) string { return filepath.Join(directory, app+"@"+name) }

// Name claims a name for the sandbox of an id, until it is released or this process ends. The error is Taken if another
// sandbox has it.
func Name(directory, app, name, id string) (*Claim, error) {
	if err := os.MkdirAll(directory, 0o700); err != nil {
		return nil, fmt.Errorf("claim a name: %w", err)
	}
	unlock, err := lockAll(directory)
	if err != nil {
		return nil, err
	}
	defer unlock()
	path := Path(directory, app, name)
	if holder, held := holderOf(path); held {
		return nil, &Taken{App: app, Name: name, Holder: holder}
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|os.O_TRUNC|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, fmt.Errorf("claim the name %q: %w", name, err)
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		_, err = file.WriteString(id)
	}
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("claim the name %q: %w", name, err)
	}
	return &Claim{directory: directory, path: path, file: file}, nil
}

// Release frees the name.
func (c *Claim) Release() {
	unlock, err := lockAll(c.directory)
	if err == nil {
		defer unlock()
		_ = os.Remove(c.path)
	}
	c.file.Close()
}

// Sweep removes the claims of processes that are gone.
func Sweep(directory string) error {
	unlock, err := lockAll(directory)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer unlock()
	entries, err := os.ReadDir(directory)
	if err != nil {
		return fmt.Errorf("sweep names: %w", err)
	}
	for _, entry := range entries {
		path := filepath.Join(directory, entry.Name())
		if _, held := holderOf(path); !held {
			_ = os.Remove(path)
		}
	}
	return nil
}

// lockAll keeps other claims away for a moment.
func lockAll(directory string) (unlock func(), err error) {
	file, err := os.OpenFile(directory, os.O_RDONLY|syscall.O_DIRECTORY|syscall.O_NOFOLLOW, 0)
	if err == nil {
		if err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err == nil {
			return func() { file.Close() }, nil
		}
		file.Close()
	}
	return nil, fmt.Errorf("lock the names in %s: %w", directory, err)
}

// holderOf says who holds a name, under the lock of all: nobody can be about to write it.
func holderOf(path string) (id string, held bool) {
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return "", false
	}
	defer file.Close()
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_SH|syscall.LOCK_NB); err == nil {
		return "", false
	}
	content := make([]byte, maxID)
	n, _ := file.Read(content)
	return strings.TrimSpace(string(content[:n])), true
}
