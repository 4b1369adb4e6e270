// Package mounts places host directories that the runtime has put aside: it can lay copies over all mounts or over none,
// where a sandbox may want both.
package mounts

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"dev.sandboxed/native/frame"
)

// Place shows every mount at its target, in order, and hides where they were put aside. Changes to the copies, together at
// most size bytes or any number for zero, stay in memory.
func Place(list []frame.Mount, size int64) error {
	if len(list) == 0 {
		return nil
	}
	aside := filepath.Dir(list[0].From)
	changes := filepath.Join(aside, "changes")
	if err := mountChanges(changes, size); err != nil {
		return err
	}
	for i, m := range list {
		if err := place(m, filepath.Join(changes, strconv.Itoa(i))); err != nil {
			return fmt.Errorf("mount %s: %w", m.To, err)
		}
	}
	for _, m := range list {
		if err := unix.Unmount(m.From, unix.MNT_DETACH); err != nil {
			return fmt.Errorf("hide %s: %w", m.From, err)
		}
	}
	if err := unix.Unmount(changes, unix.MNT_DETACH); err != nil {
		return fmt.Errorf("hide %s: %w", changes, err)
	}
	return os.RemoveAll(aside)
}

func mountChanges(at string, size int64) error {
	if err := os.MkdirAll(at, 0o700); err != nil {
		return err
	}
	options := "mode=700"
	if size > 0 {
		options += fmt.Sprintf(",size=%d", size)
	}
	if err := unix.Mount("changes", at, "tmpfs", unix.MS_NOSUID, options); err != nil {
		return fmt.Errorf("make room for the changes to mounts: %w", err)
	}
	return nil
}

func place(m frame.Mount, changes string) error {
	source, err := os.Stat(m.From)
	if err != nil {
		return err
	}
	if err := makeTarget(m.To, source.IsDir()); err != nil {
		return err
	}
	if !m.CopyOnWrite {
		return unix.Mount(m.From, m.To, "", unix.MS_BIND, "")
	}
	if err := os.Mkdir(changes, 0o700); err != nil {
		return err
	}
	if source.IsDir() {
		return overlay(m, source, changes)
	}
	copied := filepath.Join(changes, "file")
	if err := copyFile(m.From, copied, source); err != nil {
		return err
	}
	return unix.Mount(copied, m.To, "", unix.MS_BIND, "")
}

func makeTarget(target string, directory bool) error {
	if _, err := os.Stat(target); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if directory {
		return os.MkdirAll(target, 0o755)
	}
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return err
	}
	file, err := os.OpenFile(target, os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	return file.Close()
}

// overlay shows a directory with changes on top. Its own attributes are those of the upper directory.
func overlay(m frame.Mount, source os.FileInfo, changes string) error {
	upper, work := filepath.Join(changes, "upper"), filepath.Join(changes, "work")
	for _, directory := range []string{upper, work} {
		if err := os.Mkdir(directory, 0o700); err != nil {
			return err
		}
	}
	if err := likeSource(upper, source); err != nil {
		return err
	}
	return unix.Mount("overlay", m.To, "overlay", 0, fmt.Sprintf("lowerdir=%s,upperdir=%s,workdir=%s", m.From, upper, work))
}

func copyFile(from, to string, source os.FileInfo) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		out.Close()
		return err
	}
	if err := out.Close(); err != nil {
		return err
	}
	return likeSource(to, source)
}

// likeSource gives a copy the owner, mode and time of what it stands for.
func likeSource(path string, source os.FileInfo) error {
	if owner, ok := source.Sys().(*syscall.Stat_t); ok {
		if err := os.Lchown(path, int(owner.Uid), int(owner.Gid)); err != nil {
			return err
		}
	}
	if err := os.Chmod(path, source.Mode()); err != nil {
		return err
	}
	return os.Chtimes(path, source.ModTime(), source.ModTime())
}
