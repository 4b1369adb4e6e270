// Package records keeps what is left to be known of sandboxes that have ended: how they ended, and what their entrypoints
// printed.
package records

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"dev.sandboxed/native/keeper/output"
	"dev.sandboxed/native/keeper/registry"
)

const (
	recordSuffix = ".json"
	newSuffix    = ".new"
	logSuffix    = ".log"

	// Kept and Age are how many records are kept, and for how long.
	Kept = 500
	Age  = 7 * 24 * time.Hour
	// slack is how many more there may be before whoever adds one removes some.
	slack = 100
	// young files may still be written.
	young = time.Minute
)

// Exit is how a sandbox ended.
type Exit struct {
	Code    int    `json:"code"`
	Reason  string `json:"reason"`
	Message string `json:"message,omitempty"`
	Output  string `json:"output,omitempty"`
}

// Record is the description of a sandbox that has ended.
type Record struct {
	registry.Info
	EndedMillis int64 `json:"endedMillis"`
	Exit        Exit  `json:"exit"`
}

// Write keeps a record. Where many are kept already, old ones go.
func Write(directory string, info registry.Info, exit Exit) error {
	content, err := json.Marshal(Record{Info: info, EndedMillis: time.Now().UnixMilli(), Exit: exit})
	if err != nil {
		return err
	}
	path := filepath.Join(directory, info.ID+recordSuffix)
	if err := os.WriteFile(path+newSuffix, content, 0o600); err != nil {
		return err
	}
	if err := os.Rename(path+newSuffix, path); err != nil {
		return err
	}
	names, err := namesIn(directory)
	if err == nil && count(names) > Kept+slack {
		_, err = Prune(directory, Kept, Age, func(string) bool { return false })
	}
	return err
}

// WriteLost keeps a record of a sandbox whose keeper left nothing but its description, unless it has one already.
func WriteLost(directory string, description []byte) error {
	var info registry.Info
	if err := json.Unmarshal(description, &info); err != nil {
		return fmt.Errorf("the description of a sandbox: %w", err)
	}
	if info.Format != registry.Format || info.ID == "" || info.ID != filepath.Base(info.ID) {
		return fmt.Errorf("the description of the sandbox %.64q has format %d", info.ID, info.Format)
	}
	if _, err := os.Lstat(filepath.Join(directory, info.ID+recordSuffix)); err == nil {
		return nil
	}
	return Write(directory, info, Exit{Code: 125, Reason: "FAILED", Message: "its keeper was killed"})
}

// Prune removes all records but the newest, and those older than age, and logs without a record whose sandboxes do not live.
// It returns the ids of the sandboxes whose records are gone.
func Prune(directory string, keep int, age time.Duration, lives func(id string) bool) ([]string, error) {
	names, err := namesIn(directory)
	if err != nil {
		return nil, err
	}
	type kept struct {
		id      string
		changed time.Time
	}
	var all []kept
	known := map[string]bool{}
	for _, name := range names {
		if id, is := strings.CutSuffix(name, recordSuffix); is {
			if info, err := os.Lstat(filepath.Join(directory, name)); err == nil {
				all = append(all, kept{id, info.ModTime()})
				known[id] = true
			}
		}
	}
	slices.SortFunc(all, func(a, b kept) int { return b.changed.Compare(a.changed) })
	var removed []string
	var failed error
	for i, k := range all {
		if i < keep && time.Since(k.changed) < age {
			continue
		}
		err := remove(directory, k.id)
		failed = errors.Join(failed, err)
		if err == nil {
			removed = append(removed, k.id)
		}
	}
	for _, name := range names {
		if known[id(name)] || lives(id(name)) || !isOurs(name) {
			continue
		}
		info, err := os.Lstat(filepath.Join(directory, name))
		if err == nil && time.Since(info.ModTime()) > young {
			failed = errors.Join(failed, ignoreGone(os.Remove(filepath.Join(directory, name))))
		}
	}
	return removed, failed
}

func remove(directory, id string) error {
	var failed error
	for _, suffix := range []string{logSuffix, logSuffix + output.OldSuffix, recordSuffix} {
		failed = errors.Join(failed, ignoreGone(os.Remove(filepath.Join(directory, id+suffix))))
	}
	return failed
}

func ignoreGone(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

func namesIn(directory string) ([]string, error) {
	file, err := os.Open(directory)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look at the records: %w", err)
	}
	defer file.Close()
	return file.Readdirnames(-1)
}

func count(names []string) int {
	n := 0
	for _, name := range names {
		if strings.HasSuffix(name, recordSuffix) {
			n++
		}
	}
	return n
}

// id is what a file's name begins with.
func id(name string) string {
	for _, suffix := range []string{logSuffix, logSuffix + output.OldSuffix, recordSuffix, recordSuffix + newSuffix} {
		if before, is := strings.CutSuffix(name, suffix); is {
			return before
		}
	}
	return ""
}

func isOurs(name string) bool { return id(name) != "" }
