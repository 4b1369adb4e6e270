package isolate

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"dev.sandboxed/native/keeper/limits"
)

// The first process in the namespaces works on its main thread, as in the keeper.
func init() { runtime.LockOSThread() }

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == StageCommand {
		fmt.Fprintln(os.Stderr, Stage(os.Args[2:]))
		os.Exit(125)
	}
	os.Exit(m.Run())
}

// output runs a program in namespaces of its own and returns what it prints.
func output(t *testing.T, own limits.Stage, in limits.Entrance, argv ...string) string {
	t.Helper()
	runtime.LockOSThread() // the kernel ends the program with this thread
	defer runtime.UnlockOSThread()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	c, err := Start(own, nil, in, argv, nil, write, os.Stderr)
	write.Close()
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(read)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Wait(); err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestTheProgramIsInTheCgroupsFromItsBeginning(t *testing.T) {
	id := fmt.Sprintf("entrance-%d", os.Getpid())
	l := limits.Host{}.Prepare(limits.Request{ID: id, MemoryBytes: 1 << 30, PIDs: 100})
	defer func() {
		if err := l.Release(); err != nil {
			t.Error(err)
		}
	}()
	if len(l.Paths()) == 0 {
		t.Skip("this user may make no cgroups here")
	}
	in := l.Entrance()
	defer in.Close()
	text := output(t, l.Stage(), in, "/bin/cat", "/proc/self/cgroup")
	if n := strings.Count(text, id+"\n"); n != len(l.Paths()) {
		t.Fatalf("in %d of %q:\n%s", n, l.Paths(), text)
	}
}

func TestTheProgramIsForkedIntoACgroupOfVersionTwo(t *testing.T) {
	path := ""
	for _, mount := range []string{"/sys/fs/cgroup", "/sys/fs/cgroup/unified"} {
		if _, err := os.Stat(filepath.Join(mount, "cgroup.controllers")); err == nil {
			path = filepath.Join(mount, fmt.Sprintf("sandboxed-test-%d", os.Getpid()))
		}
	}
	if path == "" || os.Mkdir(path, 0o755) != nil {
		t.Skip("this user may make no cgroup of version 2 here")
	}
	defer func() {
		if err := os.Remove(path); err != nil {
			t.Error(err)
		}
	}()
	directory, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer directory.Close()
	text := output(t, limits.Stage{Processes: 1 << 20}, limits.Entrance{Directory: directory}, "/bin/cat", "/proc/self/cgroup")
	if !strings.Contains(text, filepath.Base(path)+"\n") {
		t.Fatal(text)
	}
}

func TestTheProgramRunsWhereNoCgroupCanBeEntered(t *testing.T) {
	directory, err := os.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer directory.Close()
	tasks, err := os.Create(filepath.Join(t.TempDir(), "tasks"))
	if err != nil {
		t.Fatal(err)
	}
	defer tasks.Close()
	in := limits.Entrance{Directory: directory, Tasks: []*os.File{tasks}}
	if text := output(t, limits.Stage{Processes: 1 << 20}, in, "/bin/echo", "runs"); text != "runs\n" {
		t.Fatal(text)
	}
}
