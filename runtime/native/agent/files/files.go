// Package files serves the requests for single files and directories.
package files

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"dev.sandboxed/native/agent/failure"
	"dev.sandboxed/native/agent/nofollow"
	"dev.sandboxed/native/agent/stream"
	"dev.sandboxed/native/agent/users"
	"dev.sandboxed/native/frame"
)

const (
	defaultFile      = 0o644
	defaultDirectory = 0o755
	permissions      = 0o7777
)

// Request is a request for a file.
type Request struct {
	Path      string `json:"path"`
	Offset    int64  `json:"offset"`
	Length    *int64 `json:"length"`
	Mode      string `json:"mode"`
	Perm      *int64 `json:"perm"`
	Parents   bool   `json:"parents"`
	Follow    bool   `json:"follow"`
	Recursive bool   `json:"recursive"`
}

// CheckPath refuses a path that no request can mean.
func CheckPath(path string) error {
	if path == "" || path[0] != '/' {
		return failure.AtPath(failure.Invalid, path, "path %q is not absolute", path)
	}
	if strings.ContainsRune(path, 0) {
		return failure.AtPath(failure.Invalid, path, "path %q contains a NUL character", path)
	}
	return nil
}

func (r Request) perm(otherwise uint32) (uint32, error) {
	if r.Perm == nil {
		return otherwise, nil
	}
	if *r.Perm < 0 || *r.Perm > permissions {
		return 0, failure.AtPath(failure.Invalid, r.Path, "perm %d is not between 0 and %d (octal 7777)", *r.Perm, permissions)
	}
	return uint32(*r.Perm), nil
}

// Size is the answer to a read or write.
type Size struct {
	Size int64 `json:"size"`
}

// Read sends a file, or a part of it, as it is when it is read.
func Read(s *stream.Stream, r Request) (any, error) {
	if r.Offset < 0 || (r.Length != nil && *r.Length < 0) {
		return nil, failure.AtPath(failure.Invalid, r.Path, "offset and length must not be negative")
	}
	// Without O_NONBLOCK the open of a fifo would wait for its writer, and nothing could end that.
	file, err := os.OpenFile(r.Path, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOCTTY, 0)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return nil, failure.AtPath(failure.IsADirectory, r.Path, "%q is a directory", r.Path)
	}
	if r.Offset > 0 {
		if _, err := file.Seek(r.Offset, io.SeekStart); err != nil {
			return nil, err
		}
	}
	var from io.Reader = file
	if r.Length != nil {
		from = io.LimitReader(file, *r.Length)
	}
	stop := s.OnCancel(func() { _ = file.Close() })
	defer stop()
	n, err := s.Send(frame.Output, from)
	if err != nil {
		return nil, err
	}
	return Size{n}, s.End(frame.Output)
}

// Write makes, replaces or extends a file.
func Write(s *stream.Stream, r Request) (any, error) {
	perm, err := r.perm(defaultFile)
	if err != nil {
		return nil, err
	}
	flags := os.O_WRONLY | syscall.O_NONBLOCK | syscall.O_NOCTTY
	switch r.Mode {
	case "create", "":
		flags |= os.O_TRUNC
	case "append":
		flags |= os.O_APPEND
	case "new":
		flags |= os.O_EXCL
	default:
		return nil, failure.AtPath(failure.Invalid, r.Path, "mode %q is not one of create, new and append", r.Mode)
	}
	if r.Parents {
		if err := makeAll(filepath.Dir(r.Path)); err != nil {
			return nil, err
		}
	}
	file, err := openOrMake(r.Path, flags, perm)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	stop := s.OnCancel(func() { _ = file.Close() })
	defer stop()
	n, err := s.Receive(file)
	if err != nil {
		return nil, err
	}
	return Size{n}, file.Close()
}

// openOrMake gives a file that it makes exactly the permissions asked for, whatever the umask, and leaves those of an
// existing one alone.
func openOrMake(path string, flags int, perm uint32) (*os.File, error) {
	if flags&os.O_EXCL == 0 {
		file, err := os.OpenFile(path, flags, 0)
		if !errors.Is(err, syscall.ENOENT) {
			return file, err
		}
	}
	// O_EXCL would refuse a dangling link, through which a plain open makes its target.
	file, err := os.OpenFile(path, flags|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := chmod(file, perm); err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

func chmod(file *os.File, perm uint32) error {
	raw, err := file.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = raw.Control(func(fd uintptr) { failed = unix.Fchmod(int(fd), perm) })
	return errors.Join(err, failed)
}

// Mkdir makes a directory.
func Mkdir(r Request) (any, error) {
	perm, err := r.perm(defaultDirectory)
	if err != nil {
		return nil, err
	}
	path := filepath.Clean(r.Path)
	if r.Parents {
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			return struct{}{}, nil
		}
		if err := makeAll(filepath.Dir(path)); err != nil {
			return nil, err
		}
	}
	if err := syscall.Mkdir(path, 0o700); err != nil {
		return nil, &os.PathError{Op: "mkdir", Path: path, Err: err}
	}
	if err := unix.Chmod(path, perm); err != nil {
		return nil, &os.PathError{Op: "chmod", Path: path, Err: err}
	}
	return struct{}{}, nil
}

func makeAll(path string) error { return os.MkdirAll(path, defaultDirectory) }

// Remove removes a file, a link itself, or a directory.
func Remove(s *stream.Stream, r Request) (any, error) {
	path := filepath.Clean(r.Path)
	if path == "/" {
		return nil, failure.AtPath(failure.Invalid, r.Path, "the root directory cannot be removed")
	}
	if !r.Recursive {
		return struct{}{}, os.Remove(path)
	}
	if _, err := os.Lstat(path); err != nil {
		return nil, err
	}
	return struct{}{}, removeAll(s, path)
}

// removeAll can be cancelled between the entries of the directory, which os.RemoveAll, that does the work, cannot.
func removeAll(s *stream.Stream, path string) error {
	fd, err := nofollow.Directory(unix.AT_FDCWD, path)
	if err == nil {
		directory := os.NewFile(uintptr(fd), path)
		defer directory.Close()
		for {
			names, err := directory.Readdirnames(batch)
			for _, name := range names {
				if err := s.Context.Err(); err != nil {
					return err
				}
				if err := os.RemoveAll(filepath.Join(path, name)); err != nil {
					return err
				}
			}
			if err != nil {
				break
			}
			if _, err := directory.Seek(0, io.SeekStart); err != nil {
				return err
			}
		}
	}
	return os.RemoveAll(path)
}

// batch is how many names are read from a directory at once.
const batch = 256

// Stat describes one file.
type Stat struct {
	Name       string `json:"name"`
	Path       string `json:"path"`
	Type       string `json:"type"`
	Size       int64  `json:"size"`
	Mode       uint32 `json:"mode"`
	UID        uint32 `json:"uid"`
	GID        uint32 `json:"gid"`
	User       string `json:"user,omitempty"`
	Group      string `json:"group,omitempty"`
	MtimeNanos string `json:"mtimeNanos"`
	Target     string `json:"target,omitempty"`
}

// Describe answers a stat request.
func Describe(r Request) (any, error) {
	stat, err := describe(r.Path, r.Follow, users.Load(""))
	if err != nil {
		return nil, err
	}
	return map[string]Stat{"stat": stat}, nil
}

func describe(path string, follow bool, names *users.Database) (Stat, error) {
	var st unix.Stat_t
	call := unix.Lstat
	if follow {
		call = unix.Stat
	}
	if err := call(path, &st); err != nil {
		return Stat{}, &os.PathError{Op: "stat", Path: path, Err: err}
	}
	result := Stat{
		Name: filepath.Base(path), Path: path, Type: typeOf(st.Mode), Size: st.Size, Mode: st.Mode & permissions,
		UID: st.Uid, GID: st.Gid, User: names.UserName(st.Uid), Group: names.GroupName(st.Gid),
		MtimeNanos: nanos(st.Mtim.Unix()),
	}
	if result.Type == "symlink" {
		target, err := os.Readlink(path)
		if err != nil {
			return Stat{}, err
		}
		result.Target = target
	}
	return result, nil
}

// nanos writes a time that may lie outside what 64 bits of nanoseconds hold.
func nanos(seconds, nanoseconds int64) string {
	const limit = int64(1<<63-1) / int64(time.Second)
	seconds = max(min(seconds, limit-1), -limit+1)
	return strconv.FormatInt(seconds*int64(time.Second)+nanoseconds, 10)
}

func typeOf(mode uint32) string {
	switch mode & unix.S_IFMT {
	case unix.S_IFDIR:
		return "directory"
	case unix.S_IFLNK:
		return "symlink"
	case unix.S_IFIFO:
		return "fifo"
	case unix.S_IFSOCK:
		return "socket"
	case unix.S_IFCHR:
		return "char"
	case unix.S_IFBLK:
		return "block"
	}
	return "file"
}

// List sends one line for each entry of a directory, as they come. An entry that vanishes meanwhile is left out.
func List(s *stream.Stream, r Request) (any, error) {
	directory, err := os.OpenFile(r.Path, os.O_RDONLY|syscall.O_DIRECTORY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer directory.Close()
	names := users.Load("")
	count := 0
	for {
		entries, readErr := directory.Readdirnames(batch)
		var lines []byte
		for _, name := range entries {
			stat, err := describe(filepath.Join(r.Path, name), false, names)
			if errors.Is(err, syscall.ENOENT) {
				continue
			}
			if err != nil {
				return nil, err
			}
			line, err := json.Marshal(stat)
			if err != nil {
				return nil, err
			}
			lines = append(append(lines, line...), '\n')
			count++
		}
		if err := s.Write(frame.Output, lines); err != nil {
			return nil, err
		}
		if errors.Is(readErr, io.EOF) {
			break
		}
		if readErr != nil {
			return nil, readErr
		}
	}
	return map[string]int{"count": count}, s.End(frame.Output)
}
