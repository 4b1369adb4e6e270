// Package volumes keeps the volumes of a sandbox for it: nobody removes one that a sandbox uses, and no link that code in
// some sandbox has planted in one leads out of it.
package volumes

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// max bounds the volumes of one sandbox.
const max = 256

// Volume is a directory of the host that several sandboxes may have.
type Volume struct {
	// Name is what users call it.
	Name string `json:"name"`
	// Lock is a file that who removes the volume locks alone, and who uses it together with others.
	Lock string `json:"lock"`
	// Data is the directory with the volume's files. No sandbox can change what leads to it.
	Data string `json:"data"`
	// Path is a directory in it, which alone the sandbox gets; empty for the whole volume. Sandboxes can change what leads to
	// it at any time.
	Path string `json:"path,omitempty"`
}

// Check says what is wrong with a list of volumes.
func Check(list []Volume) error {
	if len(list) > max {
		return fmt.Errorf(`"volumes" has %d entries, where %d are the limit`, len(list), max)
	}
	for _, v := range list {
		for _, path := range []string{v.Lock, v.Data} {
			if !filepath.IsAbs(path) || filepath.Clean(path) != path {
				return fmt.Errorf("the volume %q has the path %q: it must be absolute and normalised", v.Name, path)
			}
		}
		if v.Path != "" && (!filepath.IsLocal(v.Path) || filepath.Clean(v.Path) != v.Path || v.Path == ".") {
			return fmt.Errorf("the volume %q has the sub-path %q: it must be relative, normalised and must not climb up", v.Name, v.Path)
		}
	}
	return nil
}

// Held are volumes that nobody removes.
type Held struct{ locks []*os.File }

// Hold keeps others from removing volumes until they are let go.
func Hold(list []Volume) (*Held, error) {
	h := &Held{}
	for _, v := range list {
		lock, err := hold(v)
		if err != nil {
			h.Release()
			return nil, err
		}
		h.locks = append(h.locks, lock)
	}
	return h, nil
}

func hold(v Volume) (*os.File, error) {
	removed := fmt.Errorf("the volume %q was removed meanwhile: create the sandbox again", v.Name)
	lock, err := os.OpenFile(v.Lock, os.O_RDONLY|unix.O_NOFOLLOW, 0)
	if errors.Is(err, os.ErrNotExist) {
		return nil, removed
	}
	if err != nil {
		return nil, fmt.Errorf("use the volume %q: %w", v.Name, err)
	}
	// Such a lock belongs to the open file, and meets those that Java makes, which belong to a process.
	err = unix.FcntlFlock(lock.Fd(), unix.F_OFD_SETLK, &unix.Flock_t{Type: unix.F_RDLCK})
	if err == nil && isStill(lock, v.Lock) {
		return lock, nil
	}
	lock.Close()
	if err == nil || errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EACCES) {
		return nil, removed
	}
	return nil, fmt.Errorf("lock the volume %q: %w", v.Name, err)
}

// isStill says whether a path leads to an open file.
func isStill(file *os.File, path string) bool {
	opened, err := file.Stat()
	if err != nil {
		return false
	}
	now, err := os.Lstat(path)
	return err == nil && os.SameFile(opened, now)
}

// Release lets the volumes go. A nil Held has none.
func (h *Held) Release() {
	if h == nil {
		return
	}
	for _, lock := range h.locks {
		lock.Close()
	}
}

// Pin is a part of a volume to be mounted at a path of the host.
type Pin struct {
	Name, Data, Path, At string
}

// Pins makes a directory for each of the volumes of which a part is wanted, below the given one, which it makes too: the
// n-th volume's is called n. It says what is to be mounted there.
func Pins(list []Volume, directory string) ([]Pin, error) {
	if !slices.ContainsFunc(list, func(v Volume) bool { return v.Path != "" }) {
		return nil, nil
	}
	if err := os.Mkdir(directory, 0o700); err != nil {
		return nil, fmt.Errorf("make room for volumes: %w", err)
	}
	var pins []Pin
	for i, v := range list {
		if v.Path == "" {
			continue
		}
		at := filepath.Join(directory, strconv.Itoa(i))
		if err := os.Mkdir(at, 0o700); err != nil {
			return nil, fmt.Errorf("make room for the volume %q: %w", v.Name, err)
		}
		pins = append(pins, Pin{Name: v.Name, Data: v.Data, Path: v.Path, At: at})
	}
	return pins, nil
}

// Mount mounts it in the namespace of the caller, after which no change in the volume makes it another directory. Links
// are not followed on the way.
func (p Pin) Mount() error {
	fd, err := p.open()
	if err != nil {
		return fmt.Errorf("mount %q of the volume %q: %w", p.Path, p.Name, err)
	}
	defer unix.Close(fd)
	if err := unix.Mount(fmt.Sprintf("/proc/self/fd/%d", fd), p.At, "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
		return fmt.Errorf("mount %q of the volume %q: %w", p.Path, p.Name, err)
	}
	return nil
}

func (p Pin) open() (int, error) {
	const flags = unix.O_PATH | unix.O_DIRECTORY | unix.O_NOFOLLOW | unix.O_CLOEXEC
	fd, err := unix.Open(p.Data, flags, 0)
	if err != nil {
		return -1, err
	}
	for _, name := range strings.Split(p.Path, "/") {
		next, err := unix.Openat(fd, name, flags, 0)
		unix.Close(fd)
		if errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.ELOOP) {
			return -1, fmt.Errorf("%q in it is no directory, and links are not followed: %w", name, err)
		}
		if err != nil {
			return -1, fmt.Errorf("%q in it: %w", name, err)
		}
		fd = next
	}
	return fd, nil
}
