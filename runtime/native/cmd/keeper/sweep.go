package main

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"time"

	"dev.sandboxed/native/keeper/claim"
	"dev.sandboxed/native/keeper/limits"
	"dev.sandboxed/native/keeper/records"
	"dev.sandboxed/native/keeper/state"
)

// sweep removes what keepers that were killed left below root, and all records but the newest and young ones.
func sweep(root, recordDirectory string, keep int, age time.Duration) error {
	removed, err := state.Sweep(root, limits.RemoveLeft, func(info []byte) {
		if recordDirectory != "" {
			_ = records.WriteLost(recordDirectory, info)
		}
	})
	err = errors.Join(err, claim.Sweep(filepath.Join(root, state.NamesName)))
	var pruned []string
	if recordDirectory != "" {
		living, failed := state.Living(root)
		if failed == nil {
			pruned, failed = records.Prune(recordDirectory, keep, age, func(id string) bool {
				return slices.Contains(living, filepath.Join(root, id))
			})
		}
		err = errors.Join(err, failed)
	}
	_ = json.NewEncoder(os.Stdout).Encode(map[string][]string{"removed": removed, "records": pruned})
	return err
}
