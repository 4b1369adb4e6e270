package limits

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Controllers that limits are put on.
const (
	Memory = "memory"
	CPU    = "cpu"
	PIDs   = "pids"
)

// period is the time in which a share of the processors is counted, in microseconds.
const period = 100_000

// Host is where the cgroup files are. Tests have their own.
type Host struct {
	Root string // normally empty
}

// hierarchy is one mounted tree of cgroups and the place of this process in it.
type hierarchy struct {
	v2          bool
	mount       string
	own         string // the directory of this process's own cgroup
	controllers []string
}

// hierarchies finds the mounted trees that the process belongs to.
func (h Host) hierarchies() ([]hierarchy, error) {
	paths, err := h.ownPaths()
	if err != nil {
		return nil, err
	}
	mounts, err := os.Open(h.Root + "/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	defer mounts.Close()
	var found []hierarchy
	lines := bufio.NewScanner(mounts)
	for lines.Scan() {
		front, back, separated := strings.Cut(lines.Text(), " - ")
		fields, types := strings.Fields(front), strings.Fields(back)
		if !separated || len(fields) < 5 || len(types) < 3 {
			continue
		}
		t := hierarchy{v2: types[0] == "cgroup2", mount: h.Root + fields[4]}
		key := ""
		if types[0] == "cgroup" {
			t.controllers = slices.DeleteFunc([]string{Memory, CPU, PIDs}, func(c string) bool {
				return !slices.Contains(strings.Split(types[2], ","), c)
			})
			if len(t.controllers) == 0 {
				continue
			}
			key = t.controllers[0]
		} else if !t.v2 {
			continue
		}
		own, known := paths[key]
		if !known {
			continue
		}
		// A mount may show only a part of the tree, which the path is then relative to.
		own = strings.TrimPrefix(own, strings.TrimSuffix(fields[3], "/"))
		t.own = filepath.Join(t.mount, own)
		if t.v2 {
			t.controllers = words(filepath.Join(t.own, "cgroup.controllers"))
		}
		found = append(found, t)
	}
	return found, lines.Err()
}

// ownPaths maps controllers to the path of the own cgroup; the empty one is that of version 2.
func (h Host) ownPaths() (map[string]string, error) {
	content, err := os.ReadFile(h.Root + "/proc/self/cgroup")
	if err != nil {
		return nil, err
	}
	paths := map[string]string{}
	for _, line := range strings.Split(strings.TrimSpace(string(content)), "\n") {
		parts := strings.SplitN(line, ":", 3)
		if len(parts) == 3 {
			for _, controller := range strings.Split(parts[1], ",") {
				paths[controller] = parts[2]
			}
		}
	}
	return paths, nil
}

func words(path string) []string {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	return strings.Fields(string(content))
}

// group is a cgroup that was made for a sandbox.
type group struct {
	v2          bool
	path        string
	controllers []string
}

// makeGroup makes a cgroup for some controllers, in the nearest place where that is allowed.
func (t hierarchy) makeGroup(name string, wanted []string) (*group, error) {
	wanted = slices.DeleteFunc(slices.Clone(wanted), func(c string) bool { return !slices.Contains(t.controllers, c) })
	if len(wanted) == 0 {
		return nil, errors.New("it has none of the controllers")
	}
	if !t.v2 {
		path := filepath.Join(t.own, name)
		if err := os.Mkdir(path, 0o755); err != nil {
			return nil, err
		}
		return &group{path: path, controllers: wanted}, nil
	}
	var last error
	for parent := t.own; strings.HasPrefix(parent, t.mount); parent = filepath.Dir(parent) {
		g, err := makeChild(parent, name, wanted)
		if err == nil {
			return g, nil
		}
		last = err
	}
	return nil, last
}

// makeChild makes a cgroup of version 2. Only a parent without processes of its own can hand controllers on, so this often
// succeeds one or two levels above the own cgroup, in what the system has delegated to the user.
func makeChild(parent, name string, wanted []string) (*group, error) {
	if err := writable(filepath.Join(parent, "cgroup.procs")); err != nil {
		return nil, err
	}
	enabled := words(filepath.Join(parent, "cgroup.subtree_control"))
	for _, c := range wanted {
		if !slices.Contains(enabled, c) {
			if err := write(filepath.Join(parent, "cgroup.subtree_control"), "+"+c); err != nil {
				return nil, err
			}
		}
	}
	path := filepath.Join(parent, name)
	if err := os.Mkdir(path, 0o755); err != nil {
		return nil, err
	}
	return &group{v2: true, path: path, controllers: wanted}, nil
}

func writable(path string) error {
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return file.Close()
}

func write(path, value string) error {
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = file.WriteString(value)
	return errors.Join(err, file.Close())
}

func (g *group) write(file, value string) error {
	if err := write(filepath.Join(g.path, file), value); err != nil {
		return fmt.Errorf("set %s to %s: %w", file, value, err)
	}
	return nil
}

func (g *group) setMemory(bytes int64) error {
	value := strconv.FormatInt(bytes, 10)
	if !g.v2 {
		if err := g.write("memory.limit_in_bytes", value); err != nil {
			return err
		}
		return g.optional("memory.memsw.limit_in_bytes", value)
	}
	if err := g.write("memory.max", value); err != nil {
		return err
	}
	return errors.Join(g.optional("memory.swap.max", "0"), g.optional("memory.oom.group", "1"))
}

// optional writes a file that some kernels do not have.
func (g *group) optional(file, value string) error {
	err := g.write(file, value)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func (g *group) setCPU(cpus float64) error {
	quota := strconv.FormatInt(max(int64(cpus*period), 1000), 10)
	if g.v2 {
		return g.write("cpu.max", quota+" "+strconv.Itoa(period))
	}
	return errors.Join(g.write("cpu.cfs_period_us", strconv.Itoa(period)), g.write("cpu.cfs_quota_us", quota))
}

func (g *group) setPIDs(n int64) error { return g.write("pids.max", strconv.FormatInt(n, 10)) }

func (g *group) add(pid int) error { return g.write("cgroup.procs", strconv.Itoa(pid)) }

// holds says whether a process is in the cgroup.
func (g *group) holds(pid int) bool {
	return slices.Contains(words(filepath.Join(g.path, "cgroup.procs")), strconv.Itoa(pid))
}

// outOfMemory says whether the kernel has ended a process for the limit.
func (g *group) outOfMemory() bool {
	file := "memory.oom_control"
	if g.v2 {
		file = "memory.events"
	}
	fields := words(filepath.Join(g.path, file))
	for i := 0; i+1 < len(fields); i += 2 {
		if fields[i] == "oom_kill" && fields[i+1] != "0" {
			return true
		}
	}
	return false
}

// removalPatience is how long processes may take to leave a cgroup after they were killed.
const removalPatience = 5 * time.Second

// remove kills what is left in a cgroup and removes it.
func remove(path string) error {
	_ = write(filepath.Join(path, "cgroup.kill"), "1")
	deadline := time.Now().Add(removalPatience)
	for pause := time.Millisecond; ; pause = min(2*pause, 50*time.Millisecond) {
		err := os.Remove(path) // rmdir: the files in it are the kernel's
		if err == nil || errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if time.Now().After(deadline) {
			return err
		}
		killAll(path)
		time.Sleep(pause)
	}
}
