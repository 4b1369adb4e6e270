// Package nofollow opens directories without following links.
package nofollow

import (
	"golang.org/x/sys/unix"
)

// Path returns a descriptor that stands for a directory, for system calls relative to it; ELOOP for a link and ENOTDIR
// for anything else.
//
// O_DIRECTORY|O_NOFOLLOW would say the same on Linux, but gVisor follows a link that is opened so.
func Path(parent int, name string) (int, error) {
	fd, err := unix.Openat(parent, name, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	var st unix.Stat_t
	if err = unix.Fstat(fd, &st); err == nil {
		switch st.Mode & unix.S_IFMT {
		case unix.S_IFDIR:
			return fd, nil
		case unix.S_IFLNK:
			err = unix.ELOOP
		default:
			err = unix.ENOTDIR
		}
	}
	_ = unix.Close(fd)
	return -1, err
}

// Directory opens a directory for reading, with the errors of Path.
func Directory(parent int, name string) (int, error) {
	path, err := Path(parent, name)
	if err != nil {
		return -1, err
	}
	defer unix.Close(path)
	return unix.Openat(path, ".", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
}
