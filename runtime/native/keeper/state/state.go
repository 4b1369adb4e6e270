// Package state owns the directory of one sandbox. A keeper holds a lock in it for as long as it lives, so whoever comes
// later can tell a directory in use from one that was left behind.
package state

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

const (
	lockName    = "lock"
	socketName  = "socket"
	bundleName  = "bundle"
	volumesName = "volumes"
	rootName    = "r"
	logName     = "runsc.log"

	cgroupsName = "cgroups"
	infoName    = "info.json"
	outputName  = "output"

	// NamesName is the directory beside those of sandboxes in which names are claimed.
	NamesName = "names"

	// Container is what runsc calls the sandbox. It has a root of its own, so all can have the same name.
	Container = "sb"
	// controlSocket is what runsc makes. Where the path is too long for it, it would use a shared directory instead.
	controlSocket = "runsc-" + Container + ".sock"

	// maxSocketPath is what the kernel takes for the path of a socket.
	maxSocketPath = 107
)

// Directory is the directory of a living sandbox.
type Directory struct {
	path string
	lock *os.File
}

// Create makes the directory, which must not exist, and locks it.
func Create(path string) (*Directory, error) {
	if socket := filepath.Join(path, rootName, controlSocket); len(socket) > maxSocketPath {
		return nil, fmt.Errorf("the path %s is %d bytes long, and a socket's can have %d: use a directory with a shorter path",
			socket, len(socket), maxSocketPath)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("make the sandbox's directory: %w", err)
	}
	if err := os.Mkdir(path, 0o700); err != nil {
		return nil, fmt.Errorf("make the sandbox's directory: %w", err)
	}
	d := &Directory{path: path}
	if err := d.fill(); err != nil {
		d.Remove()
		return nil, err
	}
	return d, nil
}

func (d *Directory) fill() error {
	var err error
	// The lock is there under its name only once it is held, so that no sweep can come in between.
	name := filepath.Join(d.path, lockName)
	if d.lock, err = lock(name + ".new"); err == nil {
		err = os.Rename(name+".new", name)
	}
	if err != nil {
		return err
	}
	for _, name := range []string{bundleName, rootName} {
		if err := os.Mkdir(filepath.Join(d.path, name), 0o700); err != nil {
			return fmt.Errorf("make the sandbox's directory: %w", err)
		}
	}
	return nil
}

var errLocked = errors.New("another process holds the lock")

func lock(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the sandbox's directory: %w", err)
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = errLocked
	}
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	return file, nil
}

// Path is the directory.
func (d *Directory) Path() string { return d.path }

// Root is where runsc keeps its own state.
func (d *Directory) Root() string { return filepath.Join(d.path, rootName) }

// Control is the socket by which runsc is told what to do.
func (d *Directory) Control() string { return filepath.Join(d.Root(), controlSocket) }

// Volumes is where parts of volumes are mounted, for the runtime alone.
func (d *Directory) Volumes() string { return filepath.Join(d.path, volumesName) }

// Log is where runsc writes what it has to say.
func (d *Directory) Log() string { return filepath.Join(d.path, logName) }

// Bundle writes the specification and returns the directory it is in.
func (d *Directory) Bundle(spec []byte) (string, error) {
	bundle := filepath.Join(d.path, bundleName)
	if err := os.WriteFile(filepath.Join(bundle, "config.json"), spec, 0o600); err != nil {
		return "", fmt.Errorf("write the bundle: %w", err)
	}
	return bundle, nil
}

// RememberCgroups writes down what has to be removed with the directory.
func (d *Directory) RememberCgroups(paths []string) error {
	if len(paths) == 0 {
		return nil
	}
	err := os.WriteFile(filepath.Join(d.path, cgroupsName), []byte(strings.Join(paths, "\n")+"\n"), 0o600)
	if err != nil {
		return fmt.Errorf("remember the cgroups: %w", err)
	}
	return nil
}

// Describe writes what others may learn of the sandbox, in the place of what they could before.
func (d *Directory) Describe(info []byte) error {
	path := filepath.Join(d.path, infoName)
	err := os.WriteFile(path+".new", info, 0o600)
	if err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		return fmt.Errorf("describe the sandbox: %w", err)
	}
	return nil
}

// Output is where the entrypoint's output is kept that is not to be kept for longer.
func (d *Directory) Output() string { return filepath.Join(d.path, outputName) }

// Names is where names are claimed.
func (d *Directory) Names() string { return filepath.Join(filepath.Dir(d.path), NamesName) }

// Listen opens the socket, which only the own user can connect to.
func (d *Directory) Listen() (*net.UnixListener, string, error) {
	path := filepath.Join(d.path, socketName)
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, "", fmt.Errorf("listen for clients: %w", err)
	}
	return listener, path, nil
}

// Remove removes everything and lets go of the lock. The description goes first: what is only half there is in no list.
func (d *Directory) Remove() {
	_ = os.Remove(filepath.Join(d.path, infoName))
	_ = os.RemoveAll(d.path)
	if d.lock != nil {
		d.lock.Close()
	}
}
