// Package limits puts bounds on the memory, processors and processes of a sandbox: by cgroups where the user may make
// them, and otherwise as well as it can be done from outside.
package limits

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// namePrefix marks the cgroups of sandboxes.
	namePrefix = "sandboxed-"
	// runtimeMemory is what gVisor needs for itself, on top of what the sandbox may use.
	runtimeMemory = 48 << 20
	// A process of the sandbox needs a few threads on the host, for a moment more than it has ended, and the runtime some for
	// itself. The runtime cannot go on when it gets none, so this limit is a wide one.
	hostPIDsFactor, hostPIDsBase = 8, 2048
	// defaultPIDs is for sandboxes that set no limit: none of them may use up the host's processes.
	defaultPIDs = 2048
)

// Request is what a sandbox may use; zero means that it sets no limit.
type Request struct {
	ID          string
	MemoryBytes int64
	CPUs        float64
	PIDs        int64
}

// Limits are in force until Release.
type Limits struct {
	request    Request
	groups     []*group
	missing    []string // limits that no cgroup enforces
	outOf      chan struct{}
	outOnce    sync.Once
	stop       chan struct{}
	watchGroup sync.WaitGroup
}

// Prepare makes the cgroups.
func (h Host) Prepare(r Request) *Limits {
	l := &Limits{request: r, outOf: make(chan struct{}), stop: make(chan struct{})}
	wanted := l.wanted()
	if len(wanted) == 0 {
		return l
	}
	trees, err := h.hierarchies()
	if err != nil {
		trees = nil // without /proc nothing is known of cgroups
	}
	for _, t := range trees {
		if g, err := t.makeGroup(namePrefix+r.ID, wanted); err == nil {
			l.groups = append(l.groups, g)
			wanted = slices.DeleteFunc(wanted, func(c string) bool {
				return slices.Contains(g.controllers, c) && l.set(g, c) == nil
			})
		}
	}
	l.missing = wanted
	return l
}

func (l *Limits) wanted() []string {
	var w []string
	if l.request.MemoryBytes > 0 {
		w = append(w, Memory)
	}
	if l.request.CPUs > 0 {
		w = append(w, CPU)
	}
	if l.request.PIDs > 0 || os.Geteuid() == 0 {
		w = append(w, PIDs) // for root there is no other limit on processes
	}
	return w
}

func (l *Limits) set(g *group, controller string) error {
	switch controller {
	case Memory:
		return g.setMemory(l.request.MemoryBytes + runtimeMemory)
	case CPU:
		return g.setCPU(l.request.CPUs)
	default:
		return g.setPIDs(l.hostPIDs())
	}
}

func (l *Limits) hostPIDs() int64 {
	n := l.request.PIDs
	if n == 0 {
		n = defaultPIDs
	}
	return min(n, 1<<22)*hostPIDsFactor + hostPIDsBase
}

// Paths are the cgroups, for whoever has to remove them if this process cannot.
func (l *Limits) Paths() []string {
	var paths []string
	for _, g := range l.groups {
		paths = append(paths, g.path)
	}
	return paths
}

// Place is the cgroup that enforces a limit, or empty.
func (l *Limits) Place(controller string) string {
	for _, g := range l.groups {
		if slices.Contains(g.controllers, controller) && !slices.Contains(l.missing, controller) {
			return g.path
		}
	}
	return ""
}

// Stage is what the first process of the sandbox does to itself, where there is no cgroup for it.
type Stage struct {
	Processes uint64 // limit on the processes of the user in the namespace
	CPUs      []int  // processors to run on
}

// Stage says what the first process has to do.
func (l *Limits) Stage() Stage {
	s := Stage{Processes: uint64(l.hostPIDs())}
	if slices.Contains(l.missing, CPU) {
		s.CPUs = l.processors()
	}
	return s
}

// processors picks as many processors as the sandbox may use at once, different ones for different sandboxes.
func (l *Limits) processors() []int {
	var allowed unix.CPUSet
	if unix.SchedGetaffinity(0, &allowed) != nil {
		return nil
	}
	var all []int
	for i := range len(allowed) * 64 {
		if allowed.IsSet(i) {
			all = append(all, i)
		}
	}
	n := int(math.Ceil(l.request.CPUs))
	if n >= len(all) {
		return nil
	}
	first := int(time.Now().UnixNano()/1000) % len(all)
	all = append(all[first:], all[:first]...)
	return all[:n]
}

// Apply does it.
func (s Stage) Apply() error {
	limit := &unix.Rlimit{Cur: s.Processes, Max: s.Processes}
	var old unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NPROC, &old); err == nil && s.Processes < old.Max {
		if err := unix.Setrlimit(unix.RLIMIT_NPROC, limit); err != nil {
			return fmt.Errorf("limit the number of processes: %w", err)
		}
	}
	if len(s.CPUs) == 0 {
		return nil
	}
	var set unix.CPUSet
	for _, c := range s.CPUs {
		set.Set(c)
	}
	if err := unix.SchedSetaffinity(0, &set); err != nil {
		return fmt.Errorf("limit the processors: %w", err)
	}
	return nil
}

// Unenforced names the limits that are not kept as they were asked for.
func (l *Limits) Unenforced() []string {
	var u []string
	if slices.Contains(l.missing, CPU) && l.request.CPUs != math.Ceil(l.request.CPUs) {
		u = append(u, CPU)
	}
	return u
}

func (l *Limits) add(g *group, pid int) error {
	err := g.add(pid)
	if errors.Is(err, syscall.ESRCH) {
		return nil
	}
	return err
}

// Confirm makes sure that every process is under the limits, and watches the memory from now on. It is given the sandbox's
// first process, and must be called before the sandbox runs anything hostile.
func (l *Limits) Confirm(pid int) {
	for _, g := range l.groups {
		if g.holds(pid) {
			continue // and so everything that it has started since it came in by the Entrance
		}
		if l.add(g, pid) != nil {
			l.missing = append(l.missing, g.controllers...)
			continue
		}
		for _, process := range Tree(pid)[1:] {
			_ = l.add(g, process)
		}
	}
	for _, g := range l.groups {
		if slices.Contains(g.controllers, Memory) && !slices.Contains(l.missing, Memory) {
			l.watch(func() { watchGroup(g, l.stop, l.reportOutOfMemory) })
		}
	}
	if l.request.MemoryBytes > 0 && slices.Contains(l.missing, Memory) {
		l.watch(func() { watchProcesses(pid, l.request.MemoryBytes, l.stop, l.reportOutOfMemory) })
	}
}

func (l *Limits) watch(run func()) {
	l.watchGroup.Add(1)
	go func() {
		defer l.watchGroup.Done()
		run()
	}()
}

func (l *Limits) reportOutOfMemory() { l.outOnce.Do(func() { close(l.outOf) }) }

// OutOfMemory is closed when the sandbox has used more memory than it may.
func (l *Limits) OutOfMemory() <-chan struct{} { return l.outOf }

// WasOutOfMemory looks again, after the end.
func (l *Limits) WasOutOfMemory() bool {
	select {
	case <-l.outOf:
		return true
	default:
	}
	for _, g := range l.groups {
		if slices.Contains(g.controllers, Memory) && g.outOfMemory() {
			return true
		}
	}
	return false
}

// Release removes the cgroups and all that is still in them.
func (l *Limits) Release() error {
	close(l.stop)
	l.watchGroup.Wait()
	var failed error
	for _, g := range l.groups {
		failed = errors.Join(failed, remove(g.path))
	}
	return failed
}

// RemoveLeft removes a cgroup that a keeper left behind. Anything that is not such a cgroup is left alone.
func RemoveLeft(path string) error {
	if !strings.HasPrefix(filepath.Base(path), namePrefix) || !filepath.IsAbs(path) {
		return fmt.Errorf("%q is not a cgroup of a sandbox", path)
	}
	if _, err := os.Stat(filepath.Join(path, "cgroup.procs")); err != nil {
		return nil
	}
	return remove(path)
}

func killAll(path string) {
	for _, word := range words(filepath.Join(path, "cgroup.procs")) {
		if pid, err := strconv.Atoi(word); err == nil && pid > 1 {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

// Tree is a process and everything below it.
func Tree(pid int) []int {
	all := []int{pid}
	for i := 0; i < len(all); i++ {
		tasks, err := filepath.Glob("/proc/" + strconv.Itoa(all[i]) + "/task/*/children")
		if err != nil {
			continue
		}
		for _, task := range tasks {
			for _, word := range words(task) {
				if child, err := strconv.Atoi(word); err == nil {
					all = append(all, child)
				}
			}
		}
	}
	return all
}
