// Package copied tells programs that their sandbox is a copy, and which one.
package copied

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"dev.sandboxed/native/frame"
)

const (
	// directory and name are those of the documented file.
	directory = "run/sandboxed"
	name      = "copy.json"

	// entropySize is enough to seed any generator with.
	entropySize = 32
)

type description struct {
	frame.Copy
	// Entropy is for programs that have drawn random numbers before the snapshot: the copies share those.
	Entropy string `json:"entropy"`
	// Generation is how many snapshots lie between the copy and a sandbox that was booted.
	Generation int `json:"generation"`
}

// Describe writes the file, below the root, in the place of that of an earlier snapshot.
func Describe(root string, as frame.Copy, generation int) error {
	var entropy [entropySize]byte
	_, _ = rand.Read(entropy[:]) // never fails
	content, err := json.Marshal(description{Copy: as, Entropy: hex.EncodeToString(entropy[:]), Generation: generation})
	if err != nil {
		return fmt.Errorf("describe the copy: %w", err)
	}
	where := filepath.Join(root, directory)
	if err := os.MkdirAll(where, 0o755); err != nil {
		return fmt.Errorf("describe the copy: %w", err)
	}
	// A program that reads it meanwhile sees one file or the other.
	file, err := os.CreateTemp(where, "."+name)
	if err != nil {
		return fmt.Errorf("describe the copy: %w", err)
	}
	defer os.Remove(file.Name())
	_, err = file.Write(append(content, '\n'))
	if err == nil {
		err = file.Chmod(0o644)
	}
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(file.Name(), filepath.Join(where, name))
	}
	if err != nil {
		return fmt.Errorf("describe the copy: %w", err)
	}
	return nil
}
