package archive

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"dev.sandboxed/native/agent/failure"
	"dev.sandboxed/native/agent/nofollow"
)

// maxDepth bounds how deep a tree may be: every level holds a descriptor.
const maxDepth = 512

// directories walks down from a target directory, one step at a time and never through a link, so that nothing that
// happens in the tree meanwhile leads out of it.
type directories struct {
	root int
	last string
	fd   int
}

func openTarget(path string) (*directories, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	return &directories{root: fd, fd: -1}, nil
}

func (d *directories) close() {
	d.forget()
	_ = unix.Close(d.root)
}

func (d *directories) forget() {
	if d.fd >= 0 {
		_ = unix.Close(d.fd)
	}
	d.fd, d.last = -1, ""
}

// parent opens the directory that an entry lies in, making what is missing, and returns the entry's last name.
func (d *directories) parent(name string) (fd int, base string, err error) {
	directory, base := filepath.Split(name)
	directory = strings.TrimSuffix(directory, "/")
	if directory == "" {
		return d.root, base, nil
	}
	if d.fd >= 0 && d.last == directory {
		return d.fd, base, nil
	}
	fd, err = d.open(directory)
	if err != nil {
		return -1, "", err
	}
	d.forget()
	d.fd, d.last = fd, directory
	return fd, base, nil
}

func (d *directories) open(directory string) (int, error) {
	parts := strings.Split(directory, "/")
	if len(parts) > maxDepth {
		return -1, failure.AtPath(failure.Invalid, directory, "entry %.100q… is more than %d directories deep", directory, maxDepth)
	}
	fd, err := unix.FcntlInt(uintptr(d.root), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	for _, part := range parts {
		next, err := nofollow.Path(fd, part)
		if errors.Is(err, unix.ENOENT) {
			if err = unix.Mkdirat(fd, part, 0o755); err == nil || errors.Is(err, unix.EEXIST) {
				next, err = nofollow.Path(fd, part)
			}
		}
		_ = unix.Close(fd)
		if errors.Is(err, unix.ELOOP) || errors.Is(err, unix.ENOTDIR) {
			return -1, failure.AtPath(failure.Invalid, directory,
				"entry in %q: %q on the way is a link or no directory, which an archive must not lead through", directory, part)
		}
		if err != nil {
			return -1, &os.PathError{Op: "open", Path: directory, Err: err}
		}
		fd = next
	}
	return fd, nil
}

// cleanName turns an entry's name into a relative path without dots; empty is the target itself.
func cleanName(name string) (string, error) {
	refuse := func(why string) (string, error) {
		return "", failure.AtPath(failure.Invalid, name, "archive entry %q is refused: %s", name, why)
	}
	if strings.HasPrefix(name, "/") {
		return refuse("its name is absolute")
	}
	if strings.ContainsRune(name, 0) {
		return refuse("its name contains a NUL character")
	}
	var parts []string
	for _, part := range strings.Split(name, "/") {
		switch part {
		case "", ".":
		case "..":
			return refuse(`its name contains ".."`)
		default:
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, "/"), nil
}

func at(name string, what string, err error) error {
	if err == nil {
		return nil
	}
	return &os.PathError{Op: what, Path: name, Err: fmt.Errorf("archive entry: %w", err)}
}
