// Package output keeps what a sandbox's entrypoint printed, and notes of calls, in two files that take turns, for readers who come early or late.
package output

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	// fileSize is how much is written to a file before the other one's turn: at least that much is kept, and twice that at
	// most.
	fileSize = 4 << 20
	// ahead is how far a reader that is waited for may be behind.
	ahead = 3 << 20
	// HeaderSize is what is written before each piece: the time in milliseconds since 1970 (8 bytes), the channel (1) and the
	// length (4), big-endian.
	HeaderSize = 13
	// MaxPiece bounds a piece. More at once is split.
	MaxPiece = 256 << 10
	// Noted is the channel of notes, which are no output: 1 and 2 are the entrypoint's.
	Noted = 3
	// MaxNote bounds a note. What is over it is cut off.
	MaxNote = 4 << 10
	// OldSuffix is added to the name of the file that was full last.
	OldSuffix = ".1"
)

// Log is written by the entrypoint's output. The files are made with the first of it.
type Log struct {
	path string

	mutex   sync.Mutex
	current file
	old     file
	broken  error
	closed  bool
	changed chan struct{}
	readers map[*Reader]bool
}

// file holds what was printed from an offset on.
type file struct {
	*os.File
	from, size int64
}

// New is a log in files of this name and with OldSuffix.
func New(path string) *Log {
	return &Log{path: path, changed: make(chan struct{}), readers: map[*Reader]bool{}}
}

// Append writes what came on a channel. It waits for readers that hold it, until the context ends.
func (l *Log) Append(ctx context.Context, channel uint8, at time.Time, data []byte) {
	for len(data) > 0 {
		n := min(len(data), MaxPiece)
		l.awaitHolders(ctx)
		l.append(channel, at, data[:n])
		data = data[n:]
	}
}

// Note writes a line about the sandbox. It waits for nobody: where a reader is behind that holds the log, the note is dropped, since it would
// push out what that reader is to get.
func (l *Log) Note(at time.Time, text string) {
	l.mutex.Lock()
	behind := l.behind()
	l.mutex.Unlock()
	if behind || text == "" {
		return
	}
	line := strings.ToValidUTF8(strings.NewReplacer("\n", " ", "\r", " ").Replace(text[:min(len(text), MaxNote)]), "")
	l.append(Noted, at, []byte(line+"\n"))
}

// behind says whether a reader that holds the log has much to read yet. It needs the lock.
func (l *Log) behind() bool {
	for r := range l.readers {
		if r.hold && r.at < l.end()-ahead {
			return true
		}
	}
	return false
}

func (l *Log) awaitHolders(ctx context.Context) {
	for {
		l.mutex.Lock()
		changed := l.changed
		behind := l.behind()
		l.mutex.Unlock()
		if !behind {
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}

func (l *Log) append(channel uint8, at time.Time, data []byte) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.closed || l.broken != nil {
		return
	}
	if l.broken = l.makeRoom(); l.broken == nil {
		piece := make([]byte, HeaderSize, HeaderSize+len(data))
		binary.BigEndian.PutUint64(piece, uint64(at.UnixMilli()))
		piece[8] = channel
		binary.BigEndian.PutUint32(piece[9:], uint32(len(data)))
		var n int
		n, l.broken = l.current.WriteAt(append(piece, data...), l.current.size)
		if l.broken == nil {
			l.current.size += int64(n)
		}
	}
	if l.broken != nil {
		// The program goes on: what it prints is lost, and what was kept stays.
		fmt.Fprintln(os.Stderr, "keeper: keep the entrypoint's output:", l.broken)
	}
	l.tell()
}

// makeRoom gives the other file its turn when one is full.
func (l *Log) makeRoom() error {
	if l.current.File != nil && l.current.size < fileSize {
		return nil
	}
	if l.current.File != nil {
		if err := os.Rename(l.path, l.path+OldSuffix); err != nil {
			return err
		}
		if l.old.File != nil {
			l.old.Close()
		}
		l.old = l.current
	}
	made, err := os.OpenFile(l.path, os.O_CREATE|os.O_RDWR|os.O_TRUNC|syscall.O_NOFOLLOW, 0o600)
	l.current = file{File: made, from: l.old.from + l.old.size}
	return err
}

// tell needs the lock.
func (l *Log) tell() {
	close(l.changed)
	l.changed = make(chan struct{})
}

// end is the offset behind the last piece. It needs the lock.
func (l *Log) end() int64 { return l.current.from + l.current.size }

// Close says that nothing more will come. Readers read to the end.
func (l *Log) Close() {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if !l.closed {
		l.closed = true
		l.tell()
	}
}

// Idle waits until no reader is left, or for the given time.
func (l *Log) Idle(limit time.Duration) {
	deadline := time.After(limit)
	for {
		l.mutex.Lock()
		left, changed := len(l.readers), l.changed
		l.mutex.Unlock()
		if left == 0 {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			return
		}
	}
}

// Reader reads a log from the oldest that is kept. One goroutine uses it.
type Reader struct {
	log    *Log
	follow bool
	hold   bool
	at     int64
	until  int64
	buffer []byte
}

// Reader makes a reader from an offset or the oldest that is kept, which its user closes. With follow it waits for what is still to come; with hold, the entrypoint
// waits for it, and else it misses what is thrown away before it comes to it.
func (l *Log) Reader(from int64, follow, hold bool) *Reader {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	r := &Reader{log: l, follow: follow, hold: hold, at: min(max(from, l.old.from), l.end()), until: l.end(), buffer: make([]byte, HeaderSize+MaxPiece)}
	l.readers[r] = true
	return r
}

// At is the offset of the next piece.
func (r *Reader) At() int64 { return r.at }

// Next is the next piece with its header, valid until the following call; io.EOF after the last.
func (r *Reader) Next(ctx context.Context) (piece []byte, channel uint8, err error) {
	l := r.log
	for {
		l.mutex.Lock()
		if r.at < l.old.from {
			r.at = l.old.from
		}
		end := l.end()
		if !r.follow {
			end = min(end, r.until)
		}
		if r.at < end {
			defer l.mutex.Unlock()
			return r.read()
		}
		over := l.closed || !r.follow
		changed := l.changed
		l.mutex.Unlock()
		if over {
			return nil, 0, io.EOF
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, 0, context.Cause(ctx)
		}
	}
}

// read needs the lock: the files change their places otherwise.
func (r *Reader) read() (piece []byte, channel uint8, err error) {
	l := r.log
	from := l.current
	if r.at < from.from {
		from = l.old
	}
	header := r.buffer[:HeaderSize]
	if _, err := from.ReadAt(header, r.at-from.from); err != nil {
		return nil, 0, fmt.Errorf("read the kept output: %w", err)
	}
	n := int(binary.BigEndian.Uint32(header[9:]))
	if n > MaxPiece {
		return nil, 0, errors.New("read the kept output: its file was changed by somebody else")
	}
	piece = r.buffer[:HeaderSize+n]
	if _, err := from.ReadAt(piece[HeaderSize:], r.at-from.from+HeaderSize); err != nil {
		return nil, 0, fmt.Errorf("read the kept output: %w", err)
	}
	r.at += int64(len(piece))
	if r.hold {
		l.tell()
	}
	return piece, header[8], nil
}

// Close lets the entrypoint go on without the reader.
func (r *Reader) Close() {
	r.log.mutex.Lock()
	defer r.log.mutex.Unlock()
	delete(r.log.readers, r)
	r.log.tell()
}
