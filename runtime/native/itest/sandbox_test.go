//go:build integration

// Package itest runs real sandboxes. SANDBOXED_RUNSC names the runtime.
package itest

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"dev.sandboxed/native/itest/client"
)

// built holds the programs under test and the image, which both root and an ordinary user can read.
var built struct{ directory, keeper, image, runsc string }

func TestMain(m *testing.M) {
	code, err := runAll(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(code)
}

func runAll(m *testing.M) (int, error) {
	built.runsc = os.Getenv("SANDBOXED_RUNSC")
	if !client.Executable(built.runsc) {
		return 0, fmt.Errorf("set SANDBOXED_RUNSC to a runsc binary; it is %q", built.runsc)
	}
	var err error
	if built.directory, err = os.MkdirTemp("", "sbx"); err != nil {
		return 0, err
	}
	defer os.RemoveAll(built.directory)
	if err := copyRuntime(); err != nil {
		return 0, err
	}
	built.keeper = filepath.Join(built.directory, "keeper")
	built.image = filepath.Join(built.directory, "image")
	for target, from := range map[string]string{
		built.keeper:                        "../cmd/keeper",
		filepath.Join(built.image, "agent"): "../cmd/agent",
		filepath.Join(built.image, "probe"): "./probe",

		filepath.Join(built.image, "netprobe"): "./netprobe",
	} {
		build := exec.Command("go", "build", "-trimpath", "-o", target, from)
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			return 0, fmt.Errorf("build %s: %w: %s", from, err, out)
		}
	}
	user := filepath.Join(built.directory, "user")
	if err := errors.Join(os.Chmod(built.directory, 0o755), os.Mkdir(user, 0o755)); err != nil {
		return 0, err
	}
	if os.Geteuid() == 0 {
		if err := os.Chown(user, ordinaryUser, ordinaryUser); err != nil {
			return 0, err
		}
	}
	return m.Run(), nil
}

// copyRuntime puts the runtime where an ordinary user can execute it, which the directory of a build may not allow.
func copyRuntime() error {
	content, err := os.ReadFile(built.runsc)
	if err != nil {
		return err
	}
	built.runsc = filepath.Join(built.directory, "runsc")
	return os.WriteFile(built.runsc, content, 0o755)
}

// launch is what a sandbox is started with.
type launch struct {
	message   map[string]any
	attribute *syscall.SysProcAttr
}

func (l *launch) id() string { return l.message["id"].(string) }

func (l *launch) directory() string { return l.message["directory"].(string) }

type settings func(l *launch)

func with(member string, value any) settings {
	return func(l *launch) { l.message[member] = value }
}

// ordinaryUser is nobody in particular.
const ordinaryUser = 54321

// as runs the keeper as an ordinary user.
func asOrdinaryUser(l *launch) {
	l.attribute = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: ordinaryUser, Gid: ordinaryUser}}
	l.message["directory"] = filepath.Join(built.directory, "user", l.id())
}

// everyone runs a test as whoever runs the tests, and for root as an ordinary user too.
func everyone(t *testing.T, test func(t *testing.T, who settings)) {
	if os.Geteuid() != 0 {
		test(t, func(*launch) {})
		return
	}
	t.Run("root", func(t *testing.T) { test(t, func(*launch) {}) })
	t.Run("user", func(t *testing.T) { test(t, asOrdinaryUser) })
}

func newLaunch(t *testing.T, change ...settings) *launch {
	t.Helper()
	id := fmt.Sprintf("sb-%d-%d", os.Getpid(), time.Now().UnixNano()%1_000_000_007)
	l := &launch{message: map[string]any{
		"id":        id,
		"directory": filepath.Join(built.directory, id),
		"runsc":     []string{built.runsc, "--network=none", "--ignore-cgroups", "--in-sandbox-cgroup=v2", "--overlay2=root:memory"},
		"spec": map[string]any{
			"ociVersion": "1.0.0",
			"process": map[string]any{
				"args": []string{"/agent"}, "cwd": "/", "env": []string{}, "user": map[string]int{"uid": 0, "gid": 0},
				"capabilities": map[string]any{"bounding": capabilities, "effective": capabilities, "permitted": capabilities},
			},
			"root":   map[string]any{"path": built.image},
			"mounts": []map[string]any{{"destination": "/proc", "type": "proc"}, {"destination": "/tmp", "type": "tmpfs"}},
		},
		"timeoutMillis": 600_000,
	}}
	for _, c := range change {
		c(l)
	}
	return l
}

var capabilities = []string{"CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FSETID", "CAP_FOWNER", "CAP_MKNOD", "CAP_NET_RAW",
	"CAP_SETGID", "CAP_SETUID", "CAP_SETFCAP", "CAP_SETPCAP", "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT", "CAP_KILL",
	"CAP_SYS_PTRACE", "CAP_SYS_ADMIN"}

type box struct {
	*client.Client
	keeper *client.Keeper
	launch *launch
}

func start(t *testing.T, change ...settings) *box {
	t.Helper()
	l := newLaunch(t, change...)
	keeper, err := client.Start(built.keeper, l.message, l.attribute)
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.Connect(keeper.Socket)
	if err != nil {
		t.Fatal(err)
	}
	b := &box{Client: c, keeper: keeper, launch: l}
	t.Cleanup(func() {
		keeper.Stdin.Close()
		within(t, patience, "the keeper's end", func() { _ = keeper.WaitForEnd() })
		c.Close()
		left(t, l)
	})
	return b
}

// patience is how long a test waits for what must come, on a machine that may be busy with much else.
const patience = 2 * time.Minute

func within(t *testing.T, limit time.Duration, what string, do func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		do()
	}()
	select {
	case <-done:
	case <-time.After(limit):
		t.Errorf("%s did not come within %s", what, limit)
	}
}

func (b *box) exec(t *testing.T, request map[string]any) (*client.Stream, client.Result) {
	t.Helper()
	request["op"] = "exec"
	return b.request(t, request)
}

func argv(a ...string) map[string]any {
	return map[string]any{"argv": append([]string{"/probe"}, a...)}
}

func (b *box) exited(t *testing.T) client.Exited {
	t.Helper()
	select {
	case e := <-b.Exited:
		return e
	case <-time.After(patience):
		t.Fatal("the sandbox did not end")
		return client.Exited{}
	}
}

func code(t *testing.T, r client.Result) (int, string) {
	t.Helper()
	if r.Error != nil {
		t.Fatalf("%+v", *r.Error)
	}
	var o struct {
		Code   int
		Reason string
	}
	if err := json.Unmarshal(r.Ok, &o); err != nil {
		t.Fatal(err)
	}
	return o.Code, o.Reason
}

func TestExecReportsOutputAndCode(t *testing.T) {
	b := start(t)
	s, r := b.exec(t, argv("echo", "hello", "world"))
	if c, reason := code(t, r); c != 0 || reason != "EXITED" || s.Output(1) != "hello world\n" {
		t.Fatalf("%d %s %q", c, reason, s.Output(1))
	}
	s, r = b.exec(t, argv("err", "oops"))
	if c, _ := code(t, r); c != 0 || s.Output(2) != "oops\n" || s.Output(1) != "" {
		t.Fatalf("%d %q", c, s.Output(2))
	}
	_, r = b.exec(t, argv("exit", "7"))
	if c, reason := code(t, r); c != 7 || reason != "EXITED" {
		t.Fatalf("%d %s", c, reason)
	}
	t.Logf("startup %v", b.Startup)
}
