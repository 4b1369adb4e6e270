package records

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"dev.sandboxed/native/keeper/registry"
)

func write(t *testing.T, directory, id string, age time.Duration) {
	t.Helper()
	info := registry.Info{Format: registry.Format, ID: id, Labels: registry.Labels{App: "ci"}}
	if err := Write(directory, info, Exit{Code: 7, Reason: "EXITED"}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{id + ".json", id + ".log", id + ".log.1"} {
		path := filepath.Join(directory, name)
		if name != id+".json" {
			if err := os.WriteFile(path, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		at := time.Now().Add(-age)
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
}

func files(t *testing.T, directory string) []string {
	t.Helper()
	names, err := namesIn(directory)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	return names
}

func nobody(string) bool { return false }

func TestARecordSaysHowASandboxEnded(t *testing.T) {
	directory := t.TempDir()
	write(t, directory, "sb-1", 0)
	content, err := os.ReadFile(filepath.Join(directory, "sb-1.json"))
	if err != nil {
		t.Fatal(err)
	}
	var record Record
	if err := json.Unmarshal(content, &record); err != nil || record.ID != "sb-1" || record.App != "ci" ||
		record.Exit.Code != 7 || record.EndedMillis == 0 {
		t.Fatalf("%v %s", err, content)
	}
}

func TestPruneKeepsTheNewestOfThoseNotTooOld(t *testing.T) {
	directory := t.TempDir()
	for i, age := range []time.Duration{0, time.Hour, 2 * time.Hour, 3 * time.Hour} {
		write(t, directory, fmt.Sprintf("sb-%d", i), age)
	}
	removed, err := Prune(directory, 3, 90*time.Minute, nobody)
	slices.Sort(removed)
	if err != nil || !slices.Equal(removed, []string{"sb-2", "sb-3"}) {
		t.Fatalf("%v %v", removed, err)
	}
	removed, err = Prune(directory, 1, 90*time.Minute, nobody)
	if err != nil || !slices.Equal(removed, []string{"sb-1"}) {
		t.Fatalf("%v %v", removed, err)
	}
	if left := files(t, directory); !slices.Equal(left, []string{"sb-0.json", "sb-0.log", "sb-0.log.1"}) {
		t.Fatalf("%v", left)
	}
	if removed, err := Prune(filepath.Join(directory, "none"), 0, 0, nobody); err != nil || len(removed) != 0 {
		t.Fatalf("%v %v", removed, err)
	}
}

func TestPruneRemovesOldLogsOfSandboxesThatAreGone(t *testing.T) {
	directory := t.TempDir()
	for _, name := range []string{"sb-lives.log", "sb-gone.log", "sb-gone.log.1", "sb-gone.json.new", "sb-new.log", "notes.txt"} {
		path := filepath.Join(directory, name)
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if name != "sb-new.log" {
			at := time.Now().Add(-time.Hour)
			if err := os.Chtimes(path, at, at); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := Prune(directory, Kept, Age, func(id string) bool { return id == "sb-lives" }); err != nil {
		t.Fatal(err)
	}
	if left := files(t, directory); !slices.Equal(left, []string{"notes.txt", "sb-lives.log", "sb-new.log"}) {
		t.Fatalf("%v", left)
	}
}

func TestAKilledKeepersSandboxGetsOneRecord(t *testing.T) {
	directory := t.TempDir()
	if err := WriteLost(directory, []byte(`{"format":1,"id":"sb-1","app":"ci"}`)); err != nil {
		t.Fatal(err)
	}
	before, _ := os.ReadFile(filepath.Join(directory, "sb-1.json"))
	var record Record
	if err := json.Unmarshal(before, &record); err != nil || record.Exit.Reason != "FAILED" || record.Exit.Code != 125 {
		t.Fatalf("%v %s", err, before)
	}
	write(t, directory, "sb-2", 0)
	if err := WriteLost(directory, []byte(`{"format":1,"id":"sb-2"}`)); err != nil {
		t.Fatal(err)
	}
	if content, _ := os.ReadFile(filepath.Join(directory, "sb-2.json")); string(content) == string(before) {
		t.Fatal("the keeper's own record was replaced")
	}
	for _, wrong := range []string{`{"format":2,"id":"sb-3"}`, `{"format":1,"id":"../sb-3"}`, `{"format":1}`, `no JSON`} {
		if err := WriteLost(directory, []byte(wrong)); err == nil {
			t.Errorf("%s was taken", wrong)
		}
	}
}
