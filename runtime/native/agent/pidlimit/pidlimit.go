// Package pidlimit limits the number of processes in the sandbox, by the cgroups of the sandbox's own kernel.
//
// It is the polite limit: programs get the usual error of fork. A program that is root inside could lift it and would then
// meet the limit that the host puts on the whole sandbox.
package pidlimit

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// mountPoint exists in every sandbox. It is covered before anything runs that could look there.
const mountPoint = "/proc"

// Group is a cgroup with a limit.
type Group struct{ directory int }

// Descriptor is the directory of the cgroup, for programs that are to be started in it.
func (g *Group) Descriptor() int { return g.directory }

// New makes a cgroup that has this many processes and threads at most. The agent itself is not limited: it must be able to
// go on when its programs have used up what they may. Nothing else may run in the sandbox meanwhile.
func New(limit int64) (*Group, error) {
	if err := unix.Mount("cgroup2", mountPoint, "cgroup2", 0, ""); err != nil {
		return nil, fmt.Errorf("mount cgroups: %w", err)
	}
	directory, err := group(limit)
	// What is open stays usable, and nobody finds the cgroups by a path.
	if failed := unix.Unmount(mountPoint, unix.MNT_DETACH); failed != nil && err == nil {
		err = fmt.Errorf("hide cgroups: %w", failed)
	}
	if err != nil {
		return nil, err
	}
	return &Group{directory}, nil
}

func group(limit int64) (int, error) {
	// A cgroup that has processes hands no controllers on, so the agent moves into one of its own.
	agent, limited := filepath.Join(mountPoint, "agent"), filepath.Join(mountPoint, "limited")
	for _, directory := range []string{agent, limited} {
		if err := unix.Mkdir(directory, 0o700); err != nil {
			return 0, fmt.Errorf("make a cgroup: %w", err)
		}
	}
	for _, setting := range []struct{ file, value string }{
		{filepath.Join(agent, "cgroup.procs"), strconv.Itoa(os.Getpid())},
		{filepath.Join(mountPoint, "cgroup.subtree_control"), "+pids"},
		{filepath.Join(limited, "pids.max"), strconv.FormatInt(limit, 10)},
	} {
		if err := os.WriteFile(setting.file, []byte(setting.value), 0); err != nil {
			return 0, fmt.Errorf("limit processes: %w", err)
		}
	}
	directory, err := unix.Open(limited, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0, fmt.Errorf("open a cgroup: %w", err)
	}
	return directory, nil
}
