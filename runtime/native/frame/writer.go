package frame

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"syscall"

	"dev.sandboxed/native/nonblock"
)

// Writer writes frames from any goroutine, each in one piece. A write waits until the peer has taken it, so its callers
// are slowed down and nothing is queued.
type Writer struct {
	mutex  sync.Mutex
	to     syscall.RawConn
	held   []byte // whole frames
	header [HeaderSize]byte
	failed error
}

// ErrRetired says that the peer of a writer has been replaced, so that nothing of what was written is known to the new one.
var ErrRetired = errors.New("the peer has been replaced")

// NewWriter writes to a pipe or socket that Go's poller handles.
func NewWriter(to syscall.Conn) (*Writer, error) {
	raw, err := to.SyscallConn()
	if err != nil {
		return nil, err
	}
	return &Writer{to: raw}, nil
}

// Write writes one frame. After a failure the connection is broken for good and every later call says so too.
func (w *Writer) Write(f Frame) error {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return w.write(f)
}

// write needs the lock.
func (w *Writer) write(f Frame) error {
	if w.failed != nil {
		return w.failed
	}
	PutHeader(&w.header, f.Stream, f.Type, f.Channel, len(f.Payload))
	w.failed = WriteAll(w.to, w.held, w.header[:], f.Payload)
	w.held = w.held[:0]
	return w.failed
}

// HoldJSON is WriteJSON for a frame that the caller writes another one behind at once: both are then written together.
func (w *Writer) HoldJSON(stream uint32, t Type, value any) error {
	payload, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("encode %s: %w", t, err)
	}
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if w.failed != nil {
		return w.failed
	}
	w.held = Append(w.held, Frame{Stream: stream, Type: t, Payload: payload})
	return nil
}

// WriteJSON writes a frame whose payload is the value as JSON.
func (w *Writer) WriteJSON(stream uint32, t Type, value any) error {
	payload, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("encode %s: %w", t, err)
	}
	return w.Write(Frame{Stream: stream, Type: t, Payload: payload})
}

// Freeze writes a last frame and lets every other write wait from then on: the peer has nothing but whole frames. One goroutine
// freezes, and thaws or retires the writer afterwards.
func (w *Writer) Freeze(last Frame) error {
	w.mutex.Lock()
	return w.write(last)
}

// Thaw lets the writes go on.
func (w *Writer) Thaw() { w.mutex.Unlock() }

// Retire makes the writes that wait, and all later ones, fail with ErrRetired. The result writes to the new peer at the other
// end of the same pipe or socket.
func (w *Writer) Retire() *Writer {
	successor := &Writer{to: w.to, failed: w.failed}
	w.held = nil
	w.failed = ErrRetired
	w.mutex.Unlock()
	return successor
}

// WriteAll writes all parts, with one system call where the peer takes them at once.
func WriteAll(to syscall.RawConn, parts ...[]byte) error {
	vectors := make([]syscall.Iovec, 0, 8)
	rest := parts
	var failure error
	err := to.Write(func(fd uintptr) bool {
		for {
			vectors = vectorsOf(vectors[:0], rest)
			if len(vectors) == 0 {
				return true
			}
			n, err := nonblock.Write(fd, vectors)
			switch {
			case err == nil:
				rest = after(rest, n)
			case errors.Is(err, syscall.EAGAIN):
				return false
			default:
				failure = fmt.Errorf("write frame: %w", err)
				return true
			}
		}
	})
	if err != nil {
		return err
	}
	return failure
}

// maxVectors is IOV_MAX of Linux.
const maxVectors = 1024

func vectorsOf(to []syscall.Iovec, parts [][]byte) []syscall.Iovec {
	for _, part := range parts {
		if len(part) > 0 && len(to) < maxVectors {
			v := syscall.Iovec{Base: &part[0]}
			v.SetLen(len(part))
			to = append(to, v)
		}
	}
	return to
}

// after drops n bytes from the front. The parts themselves are left alone.
func after(parts [][]byte, n int) [][]byte {
	for len(parts) > 0 && n >= len(parts[0]) {
		n -= len(parts[0])
		parts = parts[1:]
	}
	if n > 0 {
		parts = append([][]byte{parts[0][n:]}, parts[1:]...)
	}
	return parts
}

// TryWrite writes what a descriptor takes without waiting, which may be nothing.
func TryWrite(fd uintptr, parts ...[]byte) (int, error) {
	var storage [4]syscall.Iovec
	vectors := vectorsOf(storage[:0], parts)
	if len(vectors) == 0 {
		return 0, nil
	}
	n, err := nonblock.Write(fd, vectors)
	if err != nil && !errors.Is(err, syscall.EAGAIN) {
		return 0, fmt.Errorf("write frame: %w", err)
	}
	return n, nil
}
