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

// Set limits what a thread of the agent starts, all together. The agent itself is not limited: it must be able to go on when
// its programs have used up what they may.
func Set(limit int64, thread int) error {
	done := make(chan error, 1)
	go func() {
		// The thread stays: the cgroups go when nobody has them mounted, and nothing else may run in its namespace.
		runtime.LockOSThread()
		err := set(limit, thread)
		done <- err
		if err == nil {
			select {}
		}
	}()
	return <-done
}

func set(limit int64, thread int) error {
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
		return fmt.Errorf("make a mount namespace: %w", err)
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	if err := unix.Mount("cgroup", mountPoint, "cgroup", 0, "pids"); err != nil {
		return fmt.Errorf("mount cgroups: %w", err)
	}
	group := filepath.Join(mountPoint, "limited")
	if err := unix.Mkdir(group, 0o700); err != nil {
		return fmt.Errorf("make a cgroup: %w", err)
	}
	for file, value := range map[string]int64{"pids.max": limit, "tasks": int64(thread)} {
		if err := os.WriteFile(filepath.Join(group, file), []byte(strconv.FormatInt(value, 10)), 0); err != nil {
			return fmt.Errorf("limit processes: %w", err)
		}
	}
	return nil
}
