package gofer

import (
	"bufio"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
)

// begin runs a process with others below it that call themselves so; it returns their numbers.
func begin(t *testing.T, names ...string) (first int, below []int) {
	t.Helper()
	script := ""
	for _, name := range names {
		script += "(exec -a " + name + " sleep 1000) & echo $!; "
	}
	command := exec.Command("bash", "-c", script+"wait; sleep 1000")
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-command.Process.Pid, syscall.SIGKILL)
		_ = command.Wait()
	})
	lines := bufio.NewScanner(out)
	for range names {
		if !lines.Scan() {
			t.Fatal("the processes did not begin")
		}
		pid, err := strconv.Atoi(lines.Text())
		if err != nil {
			t.Fatal(err)
		}
		below = append(below, pid)
	}
	// Each has its name only once it has become what it is.
	for i, pid := range below {
		for name(pid) != names[i] {
			if err := syscall.Kill(pid, 0); err != nil {
				t.Fatal(names[i], err)
			}
		}
	}
	return command.Process.Pid, below
}

// lost kills some of the processes of a runtime that has been found, and says whether it has lost a gofer.
func lost(t *testing.T, first int, killed ...int) bool {
	t.Helper()
	found, err := Find(first)
	if err != nil {
		t.Fatal(err)
	}
	for _, pid := range killed {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
	return found.Lost()
}

func TestGoferThatIsKilledIsLost(t *testing.T) {
	first, below := begin(t, kernelName, goferName, goferName)
	if !lost(t, first, below[2]) {
		t.Fatal("nobody noticed")
	}
}

func TestGofersThatEndWithTheKernelAreNotLost(t *testing.T) {
	first, below := begin(t, kernelName, goferName)
	if lost(t, first, below[1], below[0]) {
		t.Fatal("the kernel has ended, too")
	}
}

func TestRuntimeWithoutGofersOrKernelHasNoneToLose(t *testing.T) {
	for _, names := range [][]string{{kernelName}, {goferName}, {"other"}} {
		first, _ := begin(t, names...)
		if lost(t, first) {
			t.Error(names)
		}
	}
}
