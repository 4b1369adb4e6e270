package network

import (
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// directory is where the members of a network have their sockets. It is used by its descriptor only, so that neither the
// length of its path nor what becomes of the path matters.
type directory struct {
	path       string
	file       *os.File
	descriptor int
}

// openDirectory refuses a directory that anybody else could put a socket into.
func openDirectory(path string) (*directory, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_DIRECTORY|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return nil, fmt.Errorf("open the network's directory: %w", err)
	}
	descriptor := int(file.Fd())
	var status unix.Stat_t
	if err = unix.Fstat(descriptor, &status); err == nil && (int(status.Uid) != os.Geteuid() || status.Mode&0o077 != 0) {
		err = fmt.Errorf("it belongs to user %d and has the mode %o: it must belong to user %d alone, mode 700",
			status.Uid, status.Mode&0o7777, os.Geteuid())
	}
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("the network's directory %s: %w", path, err)
	}
	return &directory{path: path, file: file, descriptor: descriptor}, nil
}

func (d *directory) close() { _ = d.file.Close() }

func socketOf(name string) string { return name + ".sock" }

func (d *directory) addressOf(name string) *net.UnixAddr {
	return &net.UnixAddr{Name: fmt.Sprintf("/proc/self/fd/%d/%s", d.descriptor, socketOf(name)), Net: "unix"}
}

// has says whether a member has a socket, be it alive or not.
func (d *directory) has(name string) bool {
	var status unix.Stat_t
	err := unix.Fstatat(d.descriptor, socketOf(name), &status, unix.AT_SYMLINK_NOFOLLOW)
	return err == nil && status.Mode&unix.S_IFMT == unix.S_IFSOCK
}

// listen takes a name, which nobody alive may have.
func (d *directory) listen(name string) (*net.UnixListener, error) {
	// Two that take the name at once would both find nobody there, or both replace a dead one.
	if err := unix.Flock(d.descriptor, unix.LOCK_EX); err != nil {
		return nil, fmt.Errorf("lock the network's directory %s: %w", d.path, err)
	}
	defer func() { _ = unix.Flock(d.descriptor, unix.LOCK_UN) }()
	if d.has(name) {
		if d.alive(name) {
			return nil, fmt.Errorf("the name %q is taken by another sandbox in the network %s: use another name", name, d.path)
		}
		d.remove(name)
	}
	listener, err := net.ListenUnix("unix", d.addressOf(name))
	if err != nil {
		return nil, fmt.Errorf("join the network %s as %q: %w", d.path, name, err)
	}
	listener.SetUnlinkOnClose(false)
	return listener, nil
}

// alive does not wait: a listener whose queue is full is alive too.
func (d *directory) alive(name string) bool {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return true
	}
	defer unix.Close(fd)
	err = unix.Connect(fd, &unix.SockaddrUnix{Name: d.addressOf(name).Name})
	return !errors.Is(err, unix.ECONNREFUSED) && !errors.Is(err, unix.ENOENT)
}

// remove is for the own name only, or for one that nobody alive has.
func (d *directory) remove(name string) { _ = unix.Unlinkat(d.descriptor, socketOf(name), 0) }
