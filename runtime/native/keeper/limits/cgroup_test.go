package limits

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// fake is a host whose files of /proc and cgroups are in a directory.
func fake(t *testing.T, mountinfo, cgroup string, files map[string]string) Host {
	t.Helper()
	root := t.TempDir()
	files["proc/self/mountinfo"], files["proc/self/cgroup"] = mountinfo, cgroup
	for name, content := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return Host{Root: root}
}

func TestHierarchiesOfVersionOne(t *testing.T) {
	h := fake(t,
		"30 24 0:26 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"+
			"31 24 0:27 /docker/x /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n"+
			"32 24 0:28 / /sys/fs/cgroup/freezer rw - cgroup cgroup rw,freezer\n"+
			"33 24 0:29 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n",
		"4:memory:/a/b\n3:cpu,cpuacct:/docker/x/y\n0::/\n",
		map[string]string{"sys/fs/cgroup/unified/cgroup.controllers": "\n"})
	trees, err := h.hierarchies()
	if err != nil || len(trees) != 3 {
		t.Fatalf("%+v %v", trees, err)
	}
	for i, want := range []struct {
		own         string
		controllers []string
	}{
		{"/sys/fs/cgroup/memory/a/b", []string{Memory}},
		{"/sys/fs/cgroup/cpu/y", []string{CPU}},
		{"/sys/fs/cgroup/unified", nil},
	} {
		if trees[i].own != h.Root+want.own || !slices.Equal(trees[i].controllers, want.controllers) {
			t.Errorf("%+v", trees[i])
		}
	}
}

const delegated = "sys/fs/cgroup/user.slice/user@1000.service/app.slice"

func versionTwo(t *testing.T) Host {
	t.Helper()
	files := map[string]string{delegated + "/run.scope/cgroup.controllers": "memory pids", delegated + "/run.scope/cgroup.procs": ""}
	for directory, enabled := range map[string]string{delegated: "memory pids", filepath.Dir(delegated): "memory pids"} {
		files[directory+"/cgroup.procs"] = ""
		files[directory+"/cgroup.subtree_control"] = enabled
	}
	h := fake(t, "30 24 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", "0::/user.slice/user@1000.service/app.slice/run.scope\n", files)
	return h
}

func TestVersionTwoUsesTheNearestDelegatedParent(t *testing.T) {
	h := versionTwo(t)
	trees, err := h.hierarchies()
	if err != nil || len(trees) != 1 {
		t.Fatalf("%+v %v", trees, err)
	}
	g, err := trees[0].makeGroup("sandboxed-x", []string{Memory, CPU})
	if err != nil {
		t.Fatal(err)
	}
	// The own cgroup has no subtree_control here, as if it could not be written.
	if g.path != filepath.Join(h.Root, delegated, "sandboxed-x") || !slices.Equal(g.controllers, []string{Memory}) {
		t.Fatalf("%+v", g)
	}
	for name, content := range map[string]string{
		"memory.max": "", "memory.swap.max": "", "cgroup.procs": "", "pids.max": "", "cpu.max": "",
		"memory.events": "low 0\noom 3\noom_kill 0\n",
	} {
		if err := os.WriteFile(filepath.Join(g.path, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, err := range []error{g.setMemory(1 << 30), g.setPIDs(7), g.setCPU(1.5), g.add(42)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{
		"memory.max": "1073741824", "memory.swap.max": "0", "pids.max": "7", "cpu.max": "150000 100000", "cgroup.procs": "42",
	} {
		if got := strings.Join(words(filepath.Join(g.path, name)), " "); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	if g.outOfMemory() {
		t.Error("no process was killed")
	}
	if err := os.WriteFile(filepath.Join(g.path, "memory.events"), []byte("oom 3\noom_kill 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if !g.outOfMemory() {
		t.Error("a process was killed")
	}
}

func TestLimitsWithoutCgroupsAreKnownToBeMissing(t *testing.T) {
	h := fake(t, "", "", map[string]string{})
	l := h.Prepare(Request{ID: "x", MemoryBytes: 1, CPUs: 0.5, PIDs: 3})
	if len(l.Paths()) != 0 || !slices.Equal(l.missing, []string{Memory, CPU, PIDs}) {
		t.Fatalf("%+v", l)
	}
	if !slices.Equal(l.Unenforced(), []string{CPU}) {
		t.Fatal(l.Unenforced())
	}
	if err := l.Release(); err != nil {
		t.Fatal(err)
	}
}

func TestOnlyCgroupsOfSandboxesAreRemoved(t *testing.T) {
	for _, path := range []string{"/sys/fs/cgroup/memory/system.slice", "sandboxed-x", "/"} {
		if RemoveLeft(path) == nil {
			t.Errorf("%s was taken for one", path)
		}
	}
	if err := RemoveLeft(filepath.Join(t.TempDir(), "sandboxed-gone")); err != nil {
		t.Error(err)
	}
}

func TestMemoryOfAProcessIsRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "status")
	if err := os.WriteFile(path, []byte("Name:\tx\nRssAnon:\t  1024 kB\nRssFile:\t7 kB\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := anonymous(path); got != 1<<20 {
		t.Fatal(got)
	}
	if got := anonymous(path + "gone"); got != 0 {
		t.Fatal(got)
	}
}
