// Package isolate starts the runtime inside namespaces of its own, as an ordinary user or as root.
//
// gVisor does the isolation. The namespaces let it run without privileges, and bind its life to the keeper's: the first
// process of a process namespace takes all others with it, and the kernel kills it when its parent is gone.
package isolate

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"dev.sandboxed/native/keeper/limits"
	"dev.sandboxed/native/keeper/volumes"
)

// StageCommand is the argument by which a keeper knows that it is the first process inside the namespaces.
const StageCommand = "stage"

// basic are the kinds of namespaces that every sandbox gets.
const basic = syscall.CLONE_NEWNS | syscall.CLONE_NEWNET | syscall.CLONE_NEWIPC | syscall.CLONE_NEWUTS

// stage is what the first process in the namespaces has to do.
type stage struct {
	Limits limits.Stage
	Tasks  int // how many files of cgroups to enter it has inherited
	Pins   []volumes.Pin
	Proc   bool // mount /proc anew
}

// firstInherited is the number of the first file that is no standard one.
const firstInherited = 3

// Start runs the given program in new namespaces and cgroups, with the standard files, what it is to do to itself and what
// is mounted for it. It must be called on a thread that lives as long as the keeper does, since that is what the kernel watches.
func Start(own limits.Stage, pins []volumes.Pin, in limits.Entrance, argv []string, stdin, stdout, stderr *os.File) (*exec.Cmd, error) {
	c, err := command(own, pins, in, argv, stdin, stdout, stderr)
	if err != nil {
		return nil, err
	}
	err = c.Start()
	if err != nil && in.Directory != nil {
		// Not every kernel and container lets a process be forked into a cgroup.
		in.Directory = nil
		if c, err = command(own, pins, in, argv, stdin, stdout, stderr); err != nil {
			return nil, err
		}
		err = c.Start()
	}
	if err == nil {
		return c, nil
	}
	if forbidden(err) {
		return nil, fmt.Errorf("start the sandbox in namespaces of its own: %w: %s", err, explanation())
	}
	return nil, fmt.Errorf("start the sandbox in namespaces of its own: %w", err)
}

func forbidden(err error) bool {
	return errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES) || errors.Is(err, syscall.EUSERS) ||
		errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOSYS)
}

func command(own limits.Stage, pins []volumes.Pin, in limits.Entrance, argv []string, stdin, stdout, stderr *os.File) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find the keeper's own file: %w", err)
	}
	flags := uintptr(syscall.CLONE_NEWUSER | basic)
	fresh := !procIsCovered()
	if fresh {
		flags |= syscall.CLONE_NEWPID
	}
	encoded, err := json.Marshal(stage{Limits: own, Tasks: len(in.Tasks), Pins: pins, Proc: fresh})
	if err != nil {
		return nil, err
	}
	c := exec.Command(self, append([]string{StageCommand, string(encoded)}, argv...)...)
	c.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
	c.Dir = "/"
	c.Stdin, c.Stdout, c.Stderr = stdin, stdout, stderr
	c.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  flags,
		UidMappings: idMap(os.Getuid(), "/proc/self/uid_map"),
		GidMappings: idMap(os.Getgid(), "/proc/self/gid_map"),
		Pdeathsig:   syscall.SIGKILL,
		Setsid:      true,
	}
	c.ExtraFiles = withHighDescriptor(in.Tasks, stderr)
	if in.Directory != nil {
		c.SysProcAttr.UseCgroupFD, c.SysProcAttr.CgroupFD = true, int(in.Directory.Fd())
	}
	return c, nil
}

// procIsCovered says whether parts of /proc are hidden, as containers do it. The kernel refuses a new /proc then, and
// without one a process namespace is of no use to the runtime. The sandbox does without: each of its processes asks the
// kernel to end it with its parent, and the keeper ends them one by one.
func procIsCovered() bool {
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return true
	}
	for _, line := range strings.Split(string(mounts), "\n") {
		fields := strings.Fields(line)
		// The mount point for foreign binaries is an empty directory by itself, which hides nothing.
		if len(fields) > 4 && strings.HasPrefix(fields[4], "/proc/") && fields[4] != "/proc/sys/fs/binfmt_misc" {
			return true
		}
	}
	return false
}

// Kill ends a started program and everything below it.
func Kill(c *exec.Cmd) {
	if c.SysProcAttr.Cloneflags&syscall.CLONE_NEWPID != 0 {
		_ = c.Process.Kill()
		return
	}
	// From the leaves up: whoever loses its parent first may not be found again.
	all := limits.Tree(c.Process.Pid)
	for i := len(all) - 1; i >= 0; i-- {
		_ = syscall.Kill(all[i], syscall.SIGKILL)
	}
}

// idMap makes the caller root in its namespace. Root keeps all other ids that it has, too: files of other owners that it
// binds into a sandbox would be out of its reach otherwise. Root of a container has only some.
func idMap(id int, own string) []syscall.SysProcIDMap {
	single := []syscall.SysProcIDMap{{ContainerID: 0, HostID: id, Size: 1}}
	if id != 0 || os.Geteuid() != 0 {
		return single
	}
	content, err := os.ReadFile(own)
	if err != nil {
		return single
	}
	if all := sameIDs(string(content)); len(all) > 0 {
		return all
	}
	return single
}

// sameIDs maps every id of a namespace to itself.
func sameIDs(idMap string) []syscall.SysProcIDMap {
	var all []syscall.SysProcIDMap
	for _, line := range strings.Split(strings.TrimSpace(idMap), "\n") {
		var inside, outside, size int
		if _, err := fmt.Sscan(line, &inside, &outside, &size); err != nil {
			return nil
		}
		all = append(all, syscall.SysProcIDMap{ContainerID: inside, HostID: inside, Size: size})
	}
	return all
}

// Stage becomes the program, once the namespaces are made fit for it. It returns only if that fails.
func Stage(arguments []string) error {
	if len(arguments) < 2 {
		return fmt.Errorf("no program to run")
	}
	argv := arguments[1:]
	var own stage
	if err := json.Unmarshal([]byte(arguments[0]), &own); err != nil {
		return fmt.Errorf("read what to do: %w", err)
	}
	for i := range own.Tasks {
		_ = limits.Enter(firstInherited + i) // else the keeper finds it outside and moves it
	}
	if err := own.Limits.Apply(); err != nil {
		return err
	}
	// Mounts must not travel back to the host.
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w: %s", err, explanation())
	}
	if own.Proc {
		err := syscall.Mount("proc", "/proc", "proc", syscall.MS_NOSUID|syscall.MS_NODEV|syscall.MS_NOEXEC, "")
		if err != nil {
			return fmt.Errorf("mount /proc: %w", err)
		}
	}
	for _, pin := range own.Pins {
		if err := pin.Mount(); err != nil {
			return err
		}
	}
	if err := syscall.Exec(argv[0], argv, os.Environ()); err != nil {
		return fmt.Errorf("execute %s: %w", argv[0], err)
	}
	return nil
}

// highDescriptor is a number by which the kernel gives a process and its children a large table of descriptors from the
// beginning. A table that grows in a process with several threads waits for all processors first, which costs the runtime
// milliseconds of its start. A process has just one thread only between its fork and its execution.
const highDescriptor = 256

// withHighDescriptor adds a file that the process has already under that number.
func withHighDescriptor(files []*os.File, had *os.File) []*os.File {
	all := make([]*os.File, highDescriptor-firstInherited+1)
	copy(all, files)
	all[len(all)-1] = had
	return all
}
