//go:build integration

package itest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"dev.sandboxed/native/itest/client"
)

// leftovers are the processes that mention the sandbox.
func leftovers(id string) []string {
	var found []string
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		if command, err := os.ReadFile("/proc/" + e.Name() + "/cmdline"); err == nil && strings.Contains(string(command), id) {
			found = append(found, strings.ReplaceAll(string(command), "\x00", " "))
		}
	}
	return found
}

func (b *box) id() string { return b.launch.id() }

func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !condition() {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func TestMemoryBombEndsWithOutOfMemory(t *testing.T) {
	everyone(t, func(t *testing.T, who settings) {
		b := start(t, who, with("memoryBytes", 200<<20))
		if _, err := b.Open(map[string]any{"op": "exec", "argv": []string{"/probe", "memory", "4000"}}, false); err != nil {
			t.Fatal(err)
		}
		if e := b.exited(t); e.Code != 137 || e.Reason != "OUT_OF_MEMORY" {
			t.Fatalf("%+v", e)
		}
	})
}

func TestFilesInMemoryCountAsMemory(t *testing.T) {
	everyone(t, func(t *testing.T, who settings) {
		b := start(t, who, with("memoryBytes", 200<<20))
		if _, err := b.Open(map[string]any{"op": "exec", "argv": []string{"/probe", "fill", "/tmp/big", "4000"}}, false); err != nil {
			t.Fatal(err)
		}
		if e := b.exited(t); e.Reason != "OUT_OF_MEMORY" {
			t.Fatalf("%+v", e)
		}
	})
}

func TestMemoryWithinTheLimitIsFine(t *testing.T) {
	everyone(t, func(t *testing.T, who settings) {
		b := start(t, who, with("memoryBytes", 200<<20))
		for range 3 {
			s, r := b.exec(t, argv("memory", "120"))
			if c, _ := code(t, r); c != 0 || s.Output(1) != "held 120\n" {
				t.Fatalf("%d %q %q", c, s.Output(1), s.Output(2))
			}
		}
	})
}

func TestForkBombIsContained(t *testing.T) {
	everyone(t, func(t *testing.T, who settings) {
		b := start(t, who, with("pids", 64), with("timeoutMillis", 6000))
		if _, err := b.Open(map[string]any{"op": "exec", "argv": []string{"/probe", "fork"}}, false); err != nil {
			t.Fatal(err)
		}
		// The runtime may give up under it, but nothing gets out.
		if e := b.exited(t); e.Reason != "TIMEOUT" && e.Reason != "FAILED" {
			t.Fatalf("%+v", e)
		}
		if left := leftovers(b.id()); len(left) > 1 { // the keeper is still there
			t.Fatalf("%q", left)
		}
	})
}

func TestNumberOfProcessesIsLimitedInside(t *testing.T) {
	everyone(t, func(t *testing.T, who settings) {
		b := start(t, who, with("pids", 32))
		s, r := b.exec(t, argv("children", "200"))
		code(t, r)
		var started int
		if _, err := fmt.Sscanf(s.Output(1), "started %d", &started); err != nil || started < 3 || started > 32 {
			t.Fatalf("%q %q", s.Output(1), s.Output(2))
		}
		s, r = b.exec(t, argv("echo", "alive"))
		if code(t, r); s.Output(1) != "alive\n" {
			t.Fatal(s.Output(1))
		}
	})
}

func TestGarbageOnTheAgentsDescriptorsEndsTheSandboxOnly(t *testing.T) {
	everyone(t, func(t *testing.T, who settings) {
		b := start(t, who)
		s, err := b.Open(map[string]any{"op": "exec", "argv": []string{"/probe", "garbage"}}, false)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = s.Result()
		_ = b.Terminate()
		e := b.exited(t)
		if e.Reason != "FAILED" && e.Reason != "TERMINATED" {
			t.Fatalf("%+v", e)
		}
		t.Logf("%+v %s %s", e, s.Output(1), s.Output(2))
	})
}

func TestForgedFramesEndTheSandboxOnly(t *testing.T) {
	everyone(t, func(t *testing.T, who settings) {
		b := start(t, who)
		if _, err := b.Open(map[string]any{"op": "exec", "argv": []string{"/probe", "frames"}}, false); err != nil {
			t.Fatal(err)
		}
		if e := b.exited(t); e.Reason != "FAILED" || !strings.Contains(e.Message, "protocol") {
			t.Fatalf("%+v", e)
		}
	})
}

func TestForgedRequestsReachNothing(t *testing.T) {
	everyone(t, func(t *testing.T, who settings) {
		b := start(t, who)
		if _, r := b.exec(t, argv("asks", "1000")); r.Error != nil {
			t.Fatalf("%+v", *r.Error)
		}
		if s, _ := b.exec(t, argv("echo", "still here")); s.Output(1) != "still here\n" {
			t.Fatalf("%q", s.Output(1))
		}
	})
}

func TestAgentThatIsStoppedByATracerCanStillBeTerminated(t *testing.T) {
	everyone(t, func(t *testing.T, who settings) {
		b := start(t, who)
		<-b.Running
		if _, err := b.Open(map[string]any{"op": "exec", "argv": []string{"/probe", "trace"}}, false); err != nil {
			t.Fatal(err)
		}
		// Whether the tracer has come far enough is not known: a stopped agent cannot say so.
		for range 100 {
			if _, err := b.Open(map[string]any{"op": "exec", "argv": []string{"/probe", "true"}}, false); err != nil {
				t.Fatal(err)
			}
		}
		if err := b.Terminate(); err != nil {
			t.Fatal(err)
		}
		if e := b.exited(t); e.Reason != "TERMINATED" {
			t.Fatalf("%+v", e)
		}
	})
}

func TestSignalsToProcessOne(t *testing.T) {
	everyone(t, func(t *testing.T, who settings) {
		b := start(t, who)
		for _, signal := range []string{"15", "1", "2", "13", "10"} {
			_, r := b.exec(t, argv("kill", "1", signal))
			code(t, r)
		}
		s, r := b.exec(t, argv("echo", "alive"))
		if code(t, r); s.Output(1) != "alive\n" {
			t.Fatal(s.Output(1))
		}
		if _, err := b.Open(map[string]any{"op": "exec", "argv": []string{"/probe", "kill", "1", "9"}}, false); err != nil {
			t.Fatal(err)
		}
		select {
		case e := <-b.Exited:
			if e.Reason != "SIGNALED" || e.Code != 137 {
				t.Fatalf("%+v", e)
			}
		case <-time.After(2 * time.Second):
			t.Log("process 1 is immune to SIGKILL from inside")
		}
	})
}

func TestNothingIsLeftWhenTheKeeperIsKilled(t *testing.T) {
	everyone(t, func(t *testing.T, who settings) {
		l := newLaunch(t, who, with("memoryBytes", 512<<20))
		keeper, err := client.Start(built.keeper, l.message, l.attribute)
		if err != nil {
			t.Fatal(err)
		}
		c, err := client.Connect(keeper.Socket)
		if err != nil {
			t.Fatal(err)
		}
		<-c.Running
		if _, err := c.Open(map[string]any{"op": "exec", "argv": []string{"/probe", "ignore"}}, false); err != nil {
			t.Fatal(err)
		}
		if err := keeper.Command.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = keeper.WaitForEnd()
		id := l.id()
		eventually(t, "no process is left", func() bool { return len(leftovers(id)) == 0 })
		sweep(t, l)
	})
}

func TestSandboxWorksWherePartsOfProcAreCovered(t *testing.T) {
	covering := filepath.Join(built.directory, "covering")
	script := "#!/bin/sh\nexec unshare --user --map-root-user --mount sh -c 'mount --bind /dev/null /proc/interrupts && exec " + built.keeper + "'\n"
	if err := os.WriteFile(covering, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	l := newLaunch(t)
	keeper, err := client.Start(covering, l.message, l.attribute)
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.Connect(keeper.Socket)
	if err != nil {
		t.Fatal(err)
	}
	b := &box{Client: c, keeper: keeper, launch: l}
	s, r := b.exec(t, argv("echo", "hello"))
	if code(t, r); s.Output(1) != "hello\n" {
		t.Fatal(s.Output(1))
	}
	if _, err := c.Open(map[string]any{"op": "exec", "argv": []string{"/probe", "ignore"}}, false); err != nil {
		t.Fatal(err)
	}
	if err := keeper.Command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = keeper.WaitForEnd()
	id := l.id()
	eventually(t, "no process is left", func() bool { return len(leftovers(id)) == 0 })
	sweep(t, l)

	l = newLaunch(t)
	if keeper, err = client.Start(covering, l.message, l.attribute); err != nil {
		t.Fatal(err)
	}
	if c, err = client.Connect(keeper.Socket); err != nil {
		t.Fatal(err)
	}
	<-c.Running
	if err := keeper.Command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if e := <-c.Exited; e.Reason != "TERMINATED" {
		t.Fatalf("%+v", e)
	}
	if err := keeper.WaitForEnd(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "no process is left", func() bool { return len(leftovers(l.id())) == 0 })
}

func TestHostWithoutUserNamespacesIsExplained(t *testing.T) {
	everyone(t, func(t *testing.T, who settings) {
		forbidding := filepath.Join(built.directory, "forbidding")
		script := "#!/bin/sh\nexport k=" + built.keeper + "\n" +
			`exec unshare --user --map-root-user sh -c 'echo 0 > /proc/sys/user/max_user_namespaces && exec $k "$@"' sh "$@"` + "\n"
		if err := os.WriteFile(forbidding, []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
		l := newLaunch(t, who)
		keeper, err := client.Start(forbidding, l.message, l.attribute)
		if err != nil {
			t.Fatal(err)
		}
		c, err := client.Connect(keeper.Socket)
		if err != nil {
			t.Fatal(err)
		}
		e := <-c.Exited
		for _, mention := range []string{"user.max_user_namespaces is 0", "sysctl -w user.max_user_namespaces"} {
			if e.Reason != "FAILED" || !strings.Contains(e.Message, mention) {
				t.Errorf("%+v", e)
			}
		}
		c.Close()
		if err := keeper.WaitForEnd(); err != nil {
			t.Fatal(err)
		}
		check := exec.Command(forbidding, "check")
		check.SysProcAttr = l.attribute
		out, err := check.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "user.max_user_namespaces is 0") {
			t.Errorf("%v %s", err, out)
		}
	})
}

func TestTheEndOfTheCreatorEndsTheSandbox(t *testing.T) {
	everyone(t, func(t *testing.T, who settings) {
		b := start(t, who)
		<-b.Running
		b.keeper.Stdin.Close()
		if e := b.exited(t); e.Reason != "TERMINATED" || e.Code != 137 {
			t.Fatalf("%+v", e)
		}
		if _, err := os.Stat(b.launch.directory()); !os.IsNotExist(err) {
			t.Fatalf("the directory was there when the end was told: %v", err)
		}
	})
}

func TestTimeoutsEndTheSandbox(t *testing.T) {
	everyone(t, func(t *testing.T, who settings) {
		b := start(t, who, with("timeoutMillis", 1500))
		if _, err := b.Open(map[string]any{"op": "exec", "argv": []string{"/probe", "ignore"}}, false); err != nil {
			t.Fatal(err)
		}
		if e := b.exited(t); e.Reason != "TIMEOUT" || e.Code != 124 {
			t.Fatalf("%+v", e)
		}
	})
}

func TestIdleTimeoutCountsFromTheLastRequest(t *testing.T) {
	everyone(t, func(t *testing.T, who settings) {
		b := start(t, who, with("idleTimeoutMillis", 3000))
		began := time.Now()
		_, r := b.exec(t, argv("sleep", "4500"))
		code(t, r)
		if e := b.exited(t); e.Reason != "IDLE_TIMEOUT" || e.Code != 124 {
			t.Fatalf("%+v", e)
		}
		if took := time.Since(began); took < 7400*time.Millisecond {
			t.Fatalf("ended after %s", took)
		}
	})
}

func TestTerminateEndsTheSandbox(t *testing.T) {
	everyone(t, func(t *testing.T, who settings) {
		b := start(t, who)
		<-b.Running
		if err := b.Terminate(); err != nil {
			t.Fatal(err)
		}
		if e := b.exited(t); e.Reason != "TERMINATED" || e.Code != 137 {
			t.Fatalf("%+v", e)
		}
	})
}

func TestRuntimeThatFailsToStartIsExplained(t *testing.T) {
	everyone(t, func(t *testing.T, who settings) {
		b := start(t, who, with("runsc", []string{built.runsc, "--no-such-flag"}))
		if e := b.exited(t); e.Reason != "FAILED" || e.Code != 125 || !strings.Contains(e.Output, "no-such-flag") {
			t.Fatalf("%+v", e)
		}
		b = start(t, who, with("runsc", []string{"/does/not/exist"}))
		if e := b.exited(t); e.Reason != "FAILED" || !strings.Contains(e.Message+e.Output, "/does/not/exist") {
			t.Fatalf("%+v", e)
		}
	})
}

func TestEntrypointEndsTheSandbox(t *testing.T) {
	everyone(t, func(t *testing.T, who settings) {
		for _, c := range []struct {
			argv   []string
			code   int
			reason string
			output string
		}{
			{[]string{"/probe", "echo", "bye"}, 0, "EXITED", "bye\n"},
			{[]string{"/probe", "exit", "42"}, 42, "EXITED", ""},
			{[]string{"/probe", "kill", "0", "9"}, 137, "SIGNALED", ""},
		} {
			b := start(t, who)
			s, err := b.Open(map[string]any{"op": "exec", "argv": c.argv, "entrypoint": true}, false)
			if err != nil {
				t.Fatal(err)
			}
			r, err := s.Result()
			if err != nil {
				t.Fatal(err)
			}
			if n, reason := code(t, r); n != c.code || reason != c.reason || s.Output(1) != c.output || !s.Ended(1) || !s.Ended(2) {
				t.Fatalf("%d %s %q", n, reason, s.Output(1))
			}
			if e := b.exited(t); e.Code != c.code || e.Reason != c.reason {
				t.Fatalf("%+v", e)
			}
		}
	})
}

func sweep(t *testing.T, l *launch) {
	t.Helper()
	directory := l.directory()
	root := directory[:strings.LastIndex(directory, "/")]
	out := runKeeper(t, l.attribute, "sweep", root)
	if !strings.Contains(out, l.id()) {
		t.Fatalf("swept %s", out)
	}
	left(t, l)
}

// left fails the test if anything of a sandbox is left in the file system.
func left(t *testing.T, l *launch) {
	t.Helper()
	if _, err := os.Stat(l.directory()); !os.IsNotExist(err) {
		t.Fatalf("the directory is left: %v", err)
	}
	for _, tree := range []string{"memory", "cpu", "pids", "unified"} {
		if path := findCgroup("/sys/fs/cgroup/"+tree, l.id()); path != "" {
			t.Fatalf("left: %s", path)
		}
	}
}
