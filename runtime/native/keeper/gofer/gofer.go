// Package gofer watches the processes that serve a sandbox's mounts. gVisor's kernel goes on when one of them is killed, and
// what is in the mounts fails from then on, now and then and in odd ways.
package gofer

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"dev.sandboxed/native/keeper/limits"
)

const (
	goferName  = "runsc-gofer"
	kernelName = "runsc-sandbox"
	// together is how long gVisor's kernel may take to end where it is what its gofers ended with.
	together = 5 * time.Second
)

// Runtime is the runtime of a sandbox.
type Runtime struct {
	processes []unix.PollFd // its kernel before its gofers; none where nothing is mounted, or it has ended
}

// Find finds the runtime that began with a process.
func Find(first int) (*Runtime, error) {
	var kernel, gofers []unix.PollFd
	var failed error
	for _, pid := range limits.Tree(first) {
		what := name(pid)
		if what != kernelName && what != goferName {
			continue
		}
		fd, err := unix.PidfdOpen(pid, 0)
		if err != nil {
			failed = err
			continue
		}
		process := unix.PollFd{Fd: int32(fd), Events: unix.POLLIN}
		if what == kernelName {
			kernel = append(kernel, process)
		} else {
			gofers = append(gofers, process)
		}
	}
	r := &Runtime{append(kernel, gofers...)}
	if len(kernel) == 1 && len(gofers) > 0 && failed == nil {
		return r, nil
	}
	r.close()
	if failed != nil && !errors.Is(failed, unix.ESRCH) {
		return nil, fmt.Errorf("watch the runtime: %w", failed)
	}
	return r, nil
}

// Lost waits for the end of the runtime, or until it has lost a gofer while its kernel goes on, and says which.
func (r *Runtime) Lost() bool {
	defer r.close()
	if len(r.processes) == 0 {
		return false
	}
	await(r.processes, -1)
	return !await(r.processes[:1], together)
}

func (r *Runtime) close() {
	for _, process := range r.processes {
		_ = unix.Close(int(process.Fd))
	}
	r.processes = nil
}

// await waits until one of the processes has ended, or for the time; forever where it is negative.
func await(processes []unix.PollFd, limit time.Duration) bool {
	deadline := time.Now().Add(limit)
	for {
		millis := -1
		if limit >= 0 {
			millis = int(max(0, time.Until(deadline)).Milliseconds())
		}
		n, err := unix.Poll(processes, millis)
		if !errors.Is(err, unix.EINTR) {
			return n > 0
		}
	}
}

// name is what the process calls itself.
func name(pid int) string {
	line, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "cmdline"))
	if err != nil {
		return "" // it has ended
	}
	first, _, _ := bytes.Cut(line, []byte{0})
	return string(first)
}
