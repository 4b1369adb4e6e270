package flow

import (
	"sync"
	"syscall"

	"dev.sandboxed/native/frame"
)

// blockSize is the least memory for what a descriptor does not take at once, so that many small pieces cost little more than
// their data.
const blockSize = 4 << 10

// Window is how much a peer may have sent ahead of what was used: always Least bytes, and up to Most for a reader that keeps
// up, as far as Widen allows so many more.
type Window struct {
	Least, Most int
	Widen       func(n int) bool
}

// Drain writes what a peer sends to a pipe or socket: at once, on the goroutine that the data arrives on, as far as it can
// without waiting, and the rest as the descriptor takes it. It never holds more than its window.
type Drain struct {
	to     syscall.RawConn
	window Window
	grant  func(uint32)
	ended  func(err error)

	mutex    sync.Mutex
	blocks   [][]byte
	flushing bool
	last     bool // END has come
	closed   bool
	width    int
	allowed  int
	taken    int
	total    int64
}

// NewDrain is a drain to a descriptor that Go's poller handles. Once everything has been written after the peer's END, or
// when the descriptor fails, ended is called, with the failure; it must not wait.
func NewDrain(to syscall.RawConn, window Window, grant func(uint32), ended func(err error)) *Drain {
	return &Drain{to: to, window: window, grant: grant, ended: ended, width: window.Least, allowed: window.Least}
}

// Open grants the window. From now on the peer may send, so the drain must be where its data will be put.
func (d *Drain) Open() { d.grant(uint32(d.window.Least)) }

// Put takes what arrived and never waits. The data may be reused afterwards.
func (d *Drain) Put(data []byte) error {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if len(data) > d.allowed {
		return ErrOverrun
	}
	if d.last {
		return ErrEnded
	}
	d.allowed -= len(data)
	if d.closed {
		return nil
	}
	n := 0
	if !d.flushing {
		var err error
		if n, err = d.attempt(data); err != nil {
			d.fail(err)
			return nil
		}
		d.wrote(n)
	}
	if n < len(data) {
		d.queue(data[n:])
	}
	return nil
}

func (d *Drain) attempt(data []byte) (int, error) {
	var n int
	var failure error
	if err := d.to.Control(func(fd uintptr) { n, failure = frame.TryWrite(fd, data) }); err != nil {
		return n, err
	}
	return n, failure
}

func (d *Drain) queue(data []byte) {
	if last := len(d.blocks) - 1; last >= 0 && cap(d.blocks[last])-len(d.blocks[last]) >= len(data) {
		d.blocks[last] = append(d.blocks[last], data...)
	} else {
		d.blocks = append(d.blocks, append(make([]byte, 0, max(blockSize, len(data))), data...))
	}
	if !d.flushing {
		d.flushing = true
		go d.flush()
	}
}

// flush writes what is queued, until nothing is.
func (d *Drain) flush() {
	for {
		d.mutex.Lock()
		batch := d.blocks
		d.blocks = nil
		if len(batch) == 0 || d.closed {
			d.flushing = false
			d.finishIfLast()
			d.mutex.Unlock()
			return
		}
		d.mutex.Unlock()
		n := 0
		for _, block := range batch {
			n += len(block)
		}
		err := frame.WriteAll(d.to, batch...)
		d.mutex.Lock()
		if err != nil {
			d.fail(err)
		} else {
			d.wrote(n)
		}
		d.mutex.Unlock()
	}
}

// wrote needs the lock. It grants in portions of half a window, so that not every small piece of data costs a frame.
func (d *Drain) wrote(n int) {
	d.total += int64(n)
	d.taken += n
	if d.taken < d.width/2 || d.last || d.closed {
		return
	}
	more := d.taken
	if wider := min(d.width, d.window.Most-d.width); wider > 0 && !d.flushing && d.window.Widen(wider) {
		d.width += wider
		more += wider
	}
	d.allowed += more
	d.taken = 0
	d.grant(uint32(more))
}

// End says that nothing more will come.
func (d *Drain) End() {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if !d.last {
		d.last = true
		d.finishIfLast()
	}
}

// finishIfLast needs the lock.
func (d *Drain) finishIfLast() {
	if d.last && !d.closed && !d.flushing {
		d.closed = true
		d.ended(nil)
	}
}

// fail needs the lock.
func (d *Drain) fail(err error) {
	if !d.closed {
		d.closed = true
		d.blocks = nil
		d.ended(err)
	}
}

// Close drops what has not been written. It returns how much was, and by how much the window has grown.
func (d *Drain) Close() (written int64, widened int) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	d.closed = true
	d.blocks = nil
	return d.total, d.width - d.window.Least
}
