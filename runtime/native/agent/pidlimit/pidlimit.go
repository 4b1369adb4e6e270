// Package pidlimit limits the number of processes in the sandbox, by the cgroups of the sandbox's own kernel.
//
// It is the polite limit: programs get the usual error of fork. A program that is root inside could lift it and would then
// meet the limit that the host puts on the whole sandbox.
package pidlimit

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"
)

// mountPoint exists in every sandbox. It is covered in a mount namespace that only one thread of the agent is in.
const mountPoint = "/proc"

// Group is a cgroup with a limit.
type Group struct{ directory int }

// Descriptor is the directory of the cgroup, for programs that are to be started in it.
func (g *Group) Descriptor() int { return g.directory }

// New makes a cgroup that has this many processes and threads at most. The agent itself is not limited: it must be able to
// go on when its programs have used up what they may.
func New(limit int64) (*Group, error) {
	type made struct {
		directory int
		err       error
	}
	done := make(chan made)
	go func() {
		// The thread is not unlocked, so it ends with the goroutine: nothing else may run in its namespace.
		runtime.LockOSThread()
		directory, err := group(limit)
		done <- made{directory, err}
	}()
	m := <-done
	if m.err != nil {
		return nil, m.err
	}
	return &Group{m.directory}, nil
}

func group(limit int64) (int, error) {
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
		return 0, fmt.Errorf("make a mount namespace: %w", err)
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return 0, fmt.Errorf("make mounts private: %w", err)
	}
	if err := unix.Mount("cgroup2", mountPoint, "cgroup2", 0, ""); err != nil {
		return 0, fmt.Errorf("mount cgroups: %w", err)
	}
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
