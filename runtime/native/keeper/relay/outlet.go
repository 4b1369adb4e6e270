package relay

import (
	"errors"
	"sync"
	"syscall"

	"dev.sandboxed/native/frame"
)

// errSlow says that a peer left so much unread that it is given up.
var errSlow = errors.New("the peer does not read what it is sent")

// outlet sends frames to one peer without ever waiting for it: what the peer does not take at once is queued.
type outlet struct {
	raw   syscall.RawConn
	close func() error
	limit int

	mutex  sync.Mutex
	queue  [][]byte
	queued int
	failed error
	wake   *sync.Cond
	closed bool
	idle   chan struct{}
}

// newOutlet gives up a peer for which more than limit bytes wait that it has not granted credit for.
func newOutlet(conn syscall.Conn, closeConn func() error, limit int) (*outlet, error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, err
	}
	o := &outlet{raw: raw, close: closeConn, limit: limit, idle: make(chan struct{})}
	o.wake = sync.NewCond(&o.mutex)
	go o.flush()
	return o, nil
}

// send takes the frame over; its payload may be reused afterwards.
func (o *outlet) send(f frame.Frame) error {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if o.failed != nil {
		return o.failed
	}
	var header [frame.HeaderSize]byte
	frame.PutHeader(&header, f.Stream, f.Type, f.Channel, len(f.Payload))
	written := 0
	if o.queued == 0 {
		if written, o.failed = o.attempt(header[:], f.Payload); o.failed != nil {
			return o.failed
		}
	}
	total := len(header) + len(f.Payload)
	if written == total {
		return nil
	}
	rest := make([]byte, 0, total-written)
	if written < len(header) {
		rest = append(rest, header[written:]...)
		written = len(header)
	}
	rest = append(rest, f.Payload[written-len(header):]...)
	o.queue = append(o.queue, rest)
	o.queued += len(rest)
	if f.Type != frame.Data && o.queued > o.limit {
		o.failed = errSlow
		_ = o.close()
	}
	o.wake.Broadcast()
	return o.failed
}

// attempt writes what the peer takes at once.
func (o *outlet) attempt(parts ...[]byte) (int, error) {
	var n int
	var failure error
	err := o.raw.Control(func(fd uintptr) { n, failure = frame.TryWrite(fd, parts...) })
	if err != nil {
		return n, err
	}
	return n, failure
}

func (o *outlet) flush() {
	defer close(o.idle)
	for {
		o.mutex.Lock()
		for len(o.queue) == 0 && !o.closed && o.failed == nil {
			o.wake.Wait()
		}
		batch := o.queue
		o.queue = nil
		failed := o.failed
		o.mutex.Unlock()
		if failed != nil || len(batch) == 0 {
			return
		}
		err := frame.WriteAll(o.raw, batch...)
		o.mutex.Lock()
		for _, part := range batch {
			o.queued -= len(part)
		}
		if err != nil && o.failed == nil {
			o.failed = err
		}
		o.wake.Broadcast()
		o.mutex.Unlock()
	}
}

// finish lets what is queued be written and then ends; the result is closed when that is done.
func (o *outlet) finish() <-chan struct{} {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.closed = true
	o.wake.Broadcast()
	return o.idle
}

// fail ends the outlet at once.
func (o *outlet) fail(err error) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if o.failed == nil {
		o.failed = err
	}
	o.wake.Broadcast()
}
