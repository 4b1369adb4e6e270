package relay

import (
	"errors"
	"sync"
	"syscall"

	"dev.sandboxed/native/frame"
	"dev.sandboxed/native/keeper/stream"
)

// errSlow says that a peer left so much unread that it is given up.
var errSlow = errors.New("the peer does not read what it is sent")

// outlet sends frames to one peer without ever waiting for it: what the peer does not take at once is queued.
type outlet struct {
	raw    syscall.RawConn
	close  func() error
	limits limits
	room   *stream.Room

	mutex  sync.Mutex
	held   []byte // what is written with the next frame
	queue  []delivery
	queued int
	own    int
	failed error
	wake   *sync.Cond
	closed bool
	idle   chan struct{}

	paused  bool
	waiting []delivery // what comes after the pause
}

// limits are how much may wait for a peer that it has not granted credit for: when a frame is relayed to it, everything that
// waits counts; when the keeper itself sends one, only what it has sent itself.
type limits struct {
	relayed, own int
}

// delivery is what waits for a peer.
type delivery struct {
	bytes []byte
	own   int    // how much of that the keeper itself sent without credit
	done  func() // may be nil
}

func newOutlet(conn syscall.Conn, closeConn func() error, limits limits, room *stream.Room) (*outlet, error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, err
	}
	o := &outlet{raw: raw, close: closeConn, limits: limits, room: room, idle: make(chan struct{})}
	o.wake = sync.NewCond(&o.mutex)
	go o.flush()
	return o, nil
}

// relay takes a frame of somebody else over. Its payload may be reused afterwards.
func (o *outlet) relay(f frame.Frame) error {
	return o.copying(f, false)
}

// holdLimit is up to which size frames are held, and about how much of them.
const holdLimit = 4 << 10

// hold is relay for a frame that others follow at once: small ones are written together, which wakes the peer once. Whoever
// holds calls letGo in the end.
func (o *outlet) hold(f frame.Frame) error {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if o.failed != nil || o.paused || o.queued > 0 || len(o.held) > holdLimit || len(f.Payload) > holdLimit {
		return o.copy(f, false)
	}
	o.held = frame.Append(o.held, f)
	return nil
}

// letGo writes what is held.
func (o *outlet) letGo() error {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if len(o.held) == 0 {
		return o.failed
	}
	rest, _, err := o.write(o.takeHeld(), nil)
	if len(rest) == 0 {
		return err
	}
	return o.add(delivery{bytes: append([]byte(nil), rest...)}, o.queued+len(rest) > o.limits.relayed)
}

// takeHeld returns what is held, for the time that the lock is held too.
func (o *outlet) takeHeld() []byte {
	held := o.held
	o.held = held[:0]
	return held
}

// Send implements stream.Out.
func (o *outlet) Send(f frame.Frame) error {
	return o.copying(f, true)
}

// Lend implements stream.Out.
func (o *outlet) Lend(f frame.Frame, written func()) error {
	o.mutex.Lock()
	head, body, err := o.begin(f)
	if len(body) == 0 {
		o.mutex.Unlock()
		written()
		return err
	}
	defer o.mutex.Unlock()
	if len(head) > 0 {
		_ = o.add(delivery{bytes: append([]byte(nil), head...)}, false)
	}
	return o.add(delivery{bytes: body, done: written}, false)
}

// Room implements stream.Out.
func (o *outlet) Room() *stream.Room { return o.room }

// copying queues a copy of what the peer does not take at once.
func (o *outlet) copying(f frame.Frame, own bool) error {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return o.copy(f, own)
}

// copy needs the lock.
func (o *outlet) copy(f frame.Frame, own bool) error {
	head, body, err := o.begin(f)
	if len(head)+len(body) == 0 {
		return err
	}
	rest := append(append(make([]byte, 0, len(head)+len(body)), head...), body...)
	d := delivery{bytes: rest}
	tooMuch := f.Type != frame.Data && o.queued+len(rest) > o.limits.relayed
	if own {
		d.own = min(len(rest), frame.HeaderSize+len(f.Payload))
		tooMuch = o.own+d.own > o.limits.own
	}
	return o.add(d, tooMuch)
}

// begin writes what the peer takes at once, together with what is held, and returns what is left.
func (o *outlet) begin(f frame.Frame) (head, body []byte, err error) {
	if o.failed != nil {
		return nil, nil, o.failed
	}
	var header [frame.HeaderSize]byte
	frame.PutHeader(&header, f.Stream, f.Type, f.Channel, len(f.Payload))
	head = append(o.takeHeld(), header[:]...)
	if o.queued > 0 || o.paused {
		return head, f.Payload, nil
	}
	return o.write(head, f.Payload)
}

// write writes what the peer takes at once and returns what is left.
func (o *outlet) write(head, body []byte) (headLeft, bodyLeft []byte, err error) {
	if o.failed != nil {
		return nil, nil, o.failed
	}
	written := 0
	err = o.raw.Control(func(fd uintptr) { written, o.failed = frame.TryWrite(fd, head, body) })
	if o.failed == nil {
		o.failed = err
	}
	if o.failed != nil {
		return nil, nil, o.failed
	}
	if written < len(head) {
		return head[written:], body, nil
	}
	return nil, body[written-len(head):], nil
}

// add queues, and gives a peer up for which too much waits.
func (o *outlet) add(d delivery, tooMuch bool) error {
	if o.paused {
		o.waiting = append(o.waiting, d)
	} else {
		o.queue = append(o.queue, d)
	}
	o.queued += len(d.bytes)
	o.own += d.own
	if tooMuch {
		o.failed = errSlow
		_ = o.close()
	}
	o.wake.Broadcast()
	return o.failed
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
		if failed == nil && len(batch) == 0 {
			return
		}
		if failed == nil {
			failed = o.deliver(batch)
		}
		release(batch)
		if failed != nil {
			o.mutex.Lock()
			rest := append(o.queue, o.waiting...)
			o.queue, o.waiting = nil, nil
			o.mutex.Unlock()
			release(rest)
			return
		}
	}
}

func release(batch []delivery) {
	for _, d := range batch {
		if d.done != nil {
			d.done()
		}
	}
}

func (o *outlet) deliver(batch []delivery) error {
	parts := make([][]byte, len(batch))
	for i, d := range batch {
		parts[i] = d.bytes
	}
	err := frame.WriteAll(o.raw, parts...)
	o.mutex.Lock()
	defer o.mutex.Unlock()
	for _, d := range batch {
		o.queued -= len(d.bytes)
		o.own -= d.own
	}
	if err != nil && o.failed == nil {
		o.failed = err
	}
	o.wake.Broadcast()
	return o.failed
}

// pause sends a frame that the peer is to read nothing after, until go on is told.
func (o *outlet) pause(last frame.Frame) error {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	err := o.copy(last, false)
	o.paused = true
	return err
}

// goOn sends a frame, and what has come during the pause behind it.
func (o *outlet) goOn(first frame.Frame) error {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.paused = false
	later := o.waiting
	o.waiting = nil
	// What waits counts as queued already, so that the frame is queued before it.
	err := o.copy(first, false)
	o.queue = append(o.queue, later...)
	o.wake.Broadcast()
	return err
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

// failure is why the outlet has ended by itself, or nil.
func (o *outlet) failure() error {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return o.failed
}
