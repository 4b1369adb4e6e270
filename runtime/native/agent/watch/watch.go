// Package watch reports changes of files.
package watch

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"dev.sandboxed/native/agent/failure"
	"dev.sandboxed/native/agent/stream"
	"dev.sandboxed/native/frame"
)

// maxWatches bounds how many directories one request can watch.
const maxWatches = 65_536

// maxPending bounds what waits for a slow reader. The rest becomes an OVERFLOW.
const maxPending = 1 << 20

// Kinds of changes.
const (
	created  = "CREATED"
	modified = "MODIFIED"
	deleted  = "DELETED"
	overflow = "OVERFLOW"
)

const interesting = unix.IN_CREATE | unix.IN_MOVED_TO | unix.IN_MODIFY | unix.IN_ATTRIB | unix.IN_DELETE | unix.IN_MOVED_FROM |
	unix.IN_DELETE_SELF | unix.IN_DONT_FOLLOW | unix.IN_EXCL_UNLINK

// Change is one line of a watch.
type Change struct {
	Kind string `json:"kind"`
	Path string `json:"path"`
}

// Watch reports changes of a file or directory, or of a whole tree, until it is cancelled.
func Watch(s *stream.Stream, path string, recursive bool) (any, error) {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return nil, &os.PathError{Op: "watch", Path: path, Err: err}
	}
	events := os.NewFile(uintptr(fd), "inotify")
	defer events.Close()
	stop := s.OnCancel(func() { _ = events.Close() })
	defer stop()
	w := &watching{root: filepath.Clean(path), recursive: recursive, fd: fd, paths: map[int32]string{}, pending: newPending()}
	if err := w.add(w.root); err != nil {
		return nil, err
	}
	w.pending.take() // what was there from the beginning is no change
	if err := s.Event(map[string]bool{"watching": true}); err != nil {
		return nil, err
	}
	go w.read(events)
	if err := w.send(s); err != nil && !errors.Is(err, context.Canceled) {
		return nil, err
	}
	return struct{}{}, s.End(frame.Output)
}

type watching struct {
	root      string
	recursive bool
	fd        int
	paths     map[int32]string
	pending   *pending
}

// add watches a directory and, if asked to, what is in it already. Whatever has appeared there before the watch began is
// reported as created.
func (w *watching) add(path string) error {
	if len(w.paths) >= maxWatches {
		return failure.AtPath(failure.TooMany, path, "more than %d directories to watch", maxWatches)
	}
	id, err := unix.InotifyAddWatch(w.fd, path, interesting)
	if err != nil {
		return &os.PathError{Op: "watch", Path: path, Err: err}
	}
	w.paths[int32(id)] = path
	if !w.recursive {
		return nil
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil // no directory, or gone already
	}
	for _, entry := range entries {
		child := filepath.Join(path, entry.Name())
		w.pending.put(Change{created, child})
		if entry.IsDir() {
			if err := w.add(child); err != nil && failure.Of(err, "").Kind == failure.TooMany {
				return err
			}
		}
	}
	return nil
}

// read takes events until the file is closed.
func (w *watching) read(events *os.File) {
	defer w.pending.close()
	buffer := make([]byte, 64<<10)
	for {
		n, err := events.Read(buffer)
		if err != nil {
			return
		}
		for rest := buffer[:n]; len(rest) >= unix.SizeofInotifyEvent; {
			id := int32(binary.NativeEndian.Uint32(rest))
			mask := binary.NativeEndian.Uint32(rest[4:])
			end := unix.SizeofInotifyEvent + int(binary.NativeEndian.Uint32(rest[12:]))
			if end > len(rest) {
				return
			}
			w.event(id, mask, string(bytes.TrimRight(rest[unix.SizeofInotifyEvent:end], "\x00")))
			rest = rest[end:]
		}
	}
}

func (w *watching) event(id int32, mask uint32, name string) {
	directory, known := w.paths[id]
	switch {
	case mask&unix.IN_Q_OVERFLOW != 0:
		w.pending.put(Change{overflow, w.root})
		return
	case !known:
		return
	case mask&unix.IN_IGNORED != 0:
		delete(w.paths, id)
		return
	}
	path := directory
	if name != "" {
		path = filepath.Join(directory, name)
	}
	switch {
	case mask&(unix.IN_CREATE|unix.IN_MOVED_TO) != 0:
		w.pending.put(Change{created, path})
		if w.recursive && mask&unix.IN_ISDIR != 0 && w.add(path) != nil {
			w.pending.put(Change{overflow, path})
		}
	case mask&(unix.IN_DELETE|unix.IN_MOVED_FROM) != 0:
		w.pending.put(Change{deleted, path})
	case mask&unix.IN_DELETE_SELF != 0 && directory == w.root:
		w.pending.put(Change{deleted, path})
	case mask&(unix.IN_MODIFY|unix.IN_ATTRIB) != 0:
		w.pending.put(Change{modified, path})
	}
}

func (w *watching) send(s *stream.Stream) error {
	for {
		lines, open := w.pending.await(s.Context)
		if len(lines) > 0 {
			if err := s.Write(frame.Output, lines); err != nil {
				return err
			}
		}
		if !open {
			return s.Context.Err()
		}
	}
}

func encode(c Change) []byte {
	line, err := json.Marshal(c)
	if err != nil {
		return nil
	}
	return append(line, '\n')
}
