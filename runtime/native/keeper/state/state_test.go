package state

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

func create(t *testing.T, path string) *Directory {
	t.Helper()
	d, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Remove)
	return d
}

func TestDirectoryIsPrivateAndMadeOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a", "sb-1")
	d := create(t, path)
	for _, p := range []string{path, filepath.Dir(path)} {
		if info, err := os.Stat(p); err != nil || info.Mode().Perm() != 0o700 {
			t.Fatal(info.Mode(), err)
		}
	}
	if _, err := Create(path); !errors.Is(err, os.ErrExist) {
		t.Fatal(err)
	}
	d.Remove()
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
}

func TestPathTooLongForASocketIsExplained(t *testing.T) {
	_, err := Create(filepath.Join(t.TempDir(), strings.Repeat("x", 100)))
	if err == nil || !strings.Contains(err.Error(), "shorter") {
		t.Fatal(err)
	}
}

func TestSweepRemovesWhatNobodyHolds(t *testing.T) {
	root := t.TempDir()
	create(t, filepath.Join(root, "living"))
	dead := create(t, filepath.Join(root, "dead"))
	if err := errors.Join(dead.RememberCgroups([]string{"/cg/a", "/cg/b"}), dead.Describe([]byte(`{"id":"dead"}`))); err != nil {
		t.Fatal(err)
	}
	dead.lock.Close()
	old := time.Now().Add(-time.Minute)
	for name, content := range map[string]string{"unborn": bundleName, "foreign": "precious", "young": bundleName} {
		if err := os.MkdirAll(filepath.Join(root, name, content), 0o700); err != nil {
			t.Fatal(err)
		}
		if name != "young" {
			if err := os.Chtimes(filepath.Join(root, name), old, old); err != nil {
				t.Fatal(err)
			}
		}
	}
	var cgroups, noted []string
	removed, err := Sweep(root, func(path string) error {
		cgroups = append(cgroups, path)
		return nil
	}, func(info []byte) { noted = append(noted, string(info)) })
	if err != nil || !slices.Equal(removed, []string{"dead", "unborn"}) || !slices.Equal(cgroups, []string{"/cg/a", "/cg/b"}) ||
		!slices.Equal(noted, []string{`{"id":"dead"}`}) {
		t.Fatal(removed, cgroups, noted, err)
	}
	left, err := os.ReadDir(root)
	if err != nil || len(left) != 3 {
		t.Fatal(left, err)
	}
}

func TestSweepKeepsADirectoryWhoseCgroupStays(t *testing.T) {
	root := t.TempDir()
	dead := create(t, filepath.Join(root, "dead"))
	if err := dead.RememberCgroups([]string{"/cg/a"}); err != nil {
		t.Fatal(err)
	}
	dead.lock.Close()
	busy := errors.New("busy")
	removed, err := Sweep(root, func(string) error { return busy }, nil)
	if len(removed) != 0 || !errors.Is(err, busy) {
		t.Fatal(removed, err)
	}
}

func TestSweepOfNothing(t *testing.T) {
	if removed, err := Sweep(filepath.Join(t.TempDir(), "none"), nil, nil); len(removed) != 0 || err != nil {
		t.Fatal(removed, err)
	}
}

func TestSweepsOfOneRootWaitForEachOther(t *testing.T) {
	root := t.TempDir()
	dead := create(t, filepath.Join(root, "dead"))
	if err := dead.Describe([]byte(`{"id":"dead"}`)); err != nil {
		t.Fatal(err)
	}
	dead.lock.Close()
	noted := false
	removed, err := Sweep(root, nil, func([]byte) {
		noted = true
		other, err := os.Open(root)
		if err != nil {
			t.Fatal(err)
		}
		defer other.Close()
		if err := syscall.Flock(int(other.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); !errors.Is(err, syscall.EWOULDBLOCK) {
			t.Error("another sweep could begin:", err)
		}
	})
	if err != nil || !noted || !slices.Equal(removed, []string{"dead"}) {
		t.Fatal(removed, noted, err)
	}
	// The next one can.
	if removed, err := Sweep(root, nil, nil); err != nil || len(removed) != 0 {
		t.Fatal(removed, err)
	}
}
