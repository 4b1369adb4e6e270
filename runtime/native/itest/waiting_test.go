//go:build integration

package itest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// begin lets the use of the sandbox begin; it returns the kind of the error, if there is one.
func (b *box) begin(t *testing.T) string {
	t.Helper()
	r := b.ask(t, map[string]any{"op": "begin"})
	if r.Error != nil {
		return r.Error.Kind
	}
	return ""
}

func (b *box) listed(t *testing.T) bool {
	t.Helper()
	out, err := exec.Command(built.keeper, "list", filepath.Dir(b.launch.directory())).CombinedOutput()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Contains(string(out), filepath.Base(b.launch.directory()))
}

func TestWaitingTimeoutsCountFromTheUse(t *testing.T) {
	everyone(t, func(t *testing.T, who settings) {
		for reason, limits := range map[string][]settings{
			"TIMEOUT":      {with("timeoutMillis", 1500)},
			"IDLE_TIMEOUT": {with("idleTimeoutMillis", 700)},
		} {
			b := start(t, append(limits, who, with("beginWithinMillis", 600_000))...)
			_, r := b.exec(t, argv("sleep", "2500"))
			if c, reason := code(t, r); c != 0 {
				t.Fatalf("it ended while it waited: %d %s", c, reason)
			}
			if b.listed(t) {
				t.Fatal("it is listed before its use")
			}
			if kind := b.begin(t); kind != "" {
				t.Fatal(kind)
			}
			if !b.listed(t) {
				t.Fatal("it is not listed in its use")
			}
			if e := b.exited(t); e.Reason != reason || e.Code != 124 {
				t.Fatalf("%+v", e)
			}
		}
	})
}

func TestWaitingLeavesNothingOfWhatNobodyUsed(t *testing.T) {
	everyone(t, func(t *testing.T, who settings) {
		directory, err := os.MkdirTemp(built.directory, "records")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(directory, 0o777); err != nil {
			t.Fatal(err)
		}
		b := start(t, who, with("beginWithinMillis", 1500), with("records", directory))
		entry := map[string]any{"op": "entrypoint", "exec": map[string]any{"argv": []string{"/probe", "echo", "hi"}}}
		if _, err := b.Open(entry, false); err != nil {
			t.Fatal(err)
		}
		<-b.Running
		e := b.exited(t)
		if e.Reason == "TIMEOUT" || e.Reason == "FAILED" {
			t.Fatalf("%+v", e)
		}
		if files, err := os.ReadDir(directory); err != nil || len(files) > 0 {
			t.Fatalf("%v %v", files, err)
		}
		b = start(t, who, with("beginWithinMillis", 1500))
		if e := b.exited(t); e.Reason != "TERMINATED" || !strings.Contains(e.Message, "nobody used the sandbox within 1.5s") {
			t.Fatalf("%+v", e)
		}
	})
}

func TestWaitingIsOverOnce(t *testing.T) {
	b := start(t, with("beginWithinMillis", 600_000))
	if first, second := b.begin(t), b.begin(t); first != "" || second != "INVALID" {
		t.Fatal(first, second)
	}
	b = start(t)
	if kind := b.begin(t); kind != "INVALID" {
		t.Fatal(kind)
	}
}
