//go:build integration

package itest

import (
	"io/fs"
	"os"
	"syscall"
)

// giveTo makes a file belong to whoever another one belongs to.
func giveTo(path string, like fs.FileInfo) error {
	owner := like.Sys().(*syscall.Stat_t)
	return os.Chown(path, int(owner.Uid), int(owner.Gid))
}
