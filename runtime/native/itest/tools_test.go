//go:build integration

package itest

import (
	"io/fs"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"dev.sandboxed/native/frame"
)

func runKeeper(t *testing.T, attributes *syscall.SysProcAttr, arguments ...string) string {
	t.Helper()
	command := exec.Command(built.keeper, arguments...)
	command.SysProcAttr = attributes
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return string(out)
}

func findCgroup(root, id string) string {
	found := ""
	_ = filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.IsDir() && strings.Contains(e.Name(), id) {
			found = path
		}
		return nil
	})
	return found
}

func frameOfData(stream uint32, data []byte) frame.Frame {
	return frame.Frame{Stream: stream, Type: frame.Data, Payload: data}
}
