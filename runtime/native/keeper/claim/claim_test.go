package claim

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

func TestANameIsTakenUntilItIsReleased(t *testing.T) {
	directory := filepath.Join(t.TempDir(), "names")
	first, err := Name(directory, "ci", "db", "sb-1")
	if err != nil {
		t.Fatal(err)
	}
	_, err = Name(directory, "ci", "db", "sb-2")
	var taken *Taken
	if !errors.As(err, &taken) || taken.Holder != "sb-1" || taken.App != "ci" || taken.Name != "db" {
		t.Fatalf("%v", err)
	}
	other, err := Name(directory, "dev", "db", "sb-3")
	if err != nil {
		t.Fatalf("the same name of another app: %v", err)
	}
	other.Release()
	first.Release()
	again, err := Name(directory, "ci", "db", "sb-4")
	if err != nil {
		t.Fatal(err)
	}
	again.Release()
	if left, _ := os.ReadDir(directory); len(left) != 0 {
		t.Fatalf("left: %v", left)
	}
}

func TestTheNameOfADeadProcessIsTakenOver(t *testing.T) {
	directory := t.TempDir()
	if err := os.WriteFile(Path(directory, "ci", "db"), []byte("sb-with-a-long-id"), 0o600); err != nil {
		t.Fatal(err)
	}
	claim, err := Name(directory, "ci", "db", "sb-2")
	if err != nil {
		t.Fatal(err)
	}
	defer claim.Release()
	_, err = Name(directory, "ci", "db", "sb-3")
	var taken *Taken
	if !errors.As(err, &taken) || taken.Holder != "sb-2" {
		t.Fatalf("%v", err)
	}
}

func TestOneOfManyWhoRaceGetsTheName(t *testing.T) {
	directory := filepath.Join(t.TempDir(), "names")
	const racers = 50
	var mutex sync.Mutex
	var won []string
	var holders []string
	var group sync.WaitGroup
	for i := range racers {
		group.Go(func() {
			id := fmt.Sprintf("sb-%d", i)
			_, err := Name(directory, "ci", "db", id)
			mutex.Lock()
			defer mutex.Unlock()
			var taken *Taken
			switch {
			case err == nil:
				won = append(won, id)
			case errors.As(err, &taken):
				holders = append(holders, taken.Holder)
			default:
				t.Error(err)
			}
		})
	}
	group.Wait()
	if len(won) != 1 || len(holders) != racers-1 {
		t.Fatalf("won %v, lost %d", won, len(holders))
	}
	for _, holder := range holders {
		if holder != won[0] {
			t.Fatalf("%q is named as the holder, and %q is", holder, won[0])
		}
	}
}

func TestSweepRemovesOnlyWhatNobodyHolds(t *testing.T) {
	directory := t.TempDir()
	if err := Sweep(filepath.Join(directory, "none")); err != nil {
		t.Fatal(err)
	}
	held, err := Name(directory, "ci", "held", "sb-1")
	if err != nil {
		t.Fatal(err)
	}
	defer held.Release()
	if err := os.WriteFile(Path(directory, "ci", "left"), []byte("sb-2"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Sweep(directory); err != nil {
		t.Fatal(err)
	}
	entries, _ := os.ReadDir(directory)
	if len(entries) != 1 || entries[0].Name() != "ci@held" {
		t.Fatalf("%v", entries)
	}
}
