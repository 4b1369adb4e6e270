package stream

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"syscall"

	"dev.sandboxed/native/flow"
	"dev.sandboxed/native/frame"
)

const (
	// leastWindow is what a peer may always send ahead of what a connection has taken, and mostWindow what it may send to one
	// that takes it at once.
	leastWindow = 64 << 10
	mostWindow  = 1 << 20
	// blockSize is the least memory for what a connection does not take at once, so that many small frames cost little more
	// than their data.
	blockSize = 4 << 10
)

// Conn is a connection of the host: *net.TCPConn or *net.UnixConn.
type Conn interface {
	net.Conn
	syscall.Conn
	CloseWrite() error
}

// Carried is how many bytes went each way.
type Carried struct {
	ToPeer, FromPeer int64
}

// Carry carries data both ways between a connection and the stream until both directions have ended, each on its own. Any
// other end, that of ctx too, resets the connection and is an error. The connection is closed in every case.
func (d *Data) Carry(ctx context.Context, conn Conn) (Carried, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stopAfter := context.AfterFunc(d.context, func() { cancel(context.Cause(d.context)) })
	defer stopAfter()
	raw, err := conn.SyscallConn()
	if err != nil {
		conn.Close()
		return Carried{}, err
	}
	to := &outward{data: d, conn: conn, raw: raw, window: leastWindow, allowed: leastWindow, done: make(chan struct{}),
		fail: func(err error) { cancel(Errorf(Reset, "the connection broke: %v", err)) }}
	stop := context.AfterFunc(ctx, func() { to.abort() })
	d.deliverTo(to)
	d.grant(leastWindow)
	sent, err := d.pump(ctx, raw)
	if err == nil {
		d.End()
		select {
		case <-to.done:
		case <-ctx.Done():
			err = context.Cause(ctx)
		}
	}
	if err != nil {
		cancel(err)
		to.abort()
	}
	stop()
	conn.Close()
	return Carried{ToPeer: sent, FromPeer: to.close()}, err
}

// pump sends what is read from a connection until its end, reading only what may be sent.
func (d *Data) pump(ctx context.Context, raw syscall.RawConn) (int64, error) {
	var total int64
	for {
		credit, err := d.credit.Await(ctx)
		if err != nil {
			return total, context.Cause(ctx)
		}
		piece, n, err := d.readWhenReady(ctx, raw, min(credit, Chunk))
		if err != nil {
			return total, err
		}
		if n == 0 {
			return total, nil
		}
		total += int64(n)
		if err := d.lend(piece, n); err != nil {
			return total, err
		}
	}
}

// readWhenReady holds memory only while there is something to read.
func (d *Data) readWhenReady(ctx context.Context, raw syscall.RawConn, limit int) (read *piece, n int, err error) {
	var failure error
	err = raw.Read(func(fd uintptr) bool {
		piece, err := d.out.Room().enter(ctx)
		if err != nil {
			failure = err
			return true
		}
		n, err = readOnce(int(fd), piece.bytes[:limit])
		if n > 0 {
			read = piece
			return true
		}
		n = 0
		piece.leave()
		if errors.Is(err, syscall.EAGAIN) {
			return false
		}
		if err != nil {
			failure = Errorf(Reset, "the connection broke: %v", err)
		}
		return true
	})
	switch {
	case failure != nil:
		return nil, 0, failure
	case err != nil && ctx.Err() != nil:
		return nil, 0, context.Cause(ctx)
	case err != nil:
		return nil, 0, fmt.Errorf("read from a connection: %w", err)
	}
	return read, n, nil
}

func readOnce(fd int, to []byte) (int, error) {
	for {
		n, err := syscall.Read(fd, to)
		if !errors.Is(err, syscall.EINTR) {
			return n, err
		}
	}
}

// outward writes to a connection what a peer sends: at once as far as the connection takes it, and the rest, never more than
// the window, as it can. The window grows as long as the connection keeps up.
type outward struct {
	data *Data
	conn Conn
	raw  syscall.RawConn
	fail func(error)
	done chan struct{} // everything has been written, or never will be

	mutex    sync.Mutex
	blocks   [][]byte
	flushing bool
	ended    bool
	closed   bool
	window   int
	allowed  int
	taken    int
	total    int64
}

// Put implements receiver.
func (o *outward) Put(data []byte) error {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if len(data) > o.allowed {
		return flow.ErrOverrun
	}
	if o.ended {
		return flow.ErrEnded
	}
	o.allowed -= len(data)
	if o.closed {
		return nil
	}
	n := 0
	if !o.flushing {
		var err error
		if n, err = o.attempt(data); err != nil {
			o.broken(err)
			return nil
		}
		o.wrote(n)
	}
	if n < len(data) {
		o.queue(data[n:])
	}
	return nil
}

func (o *outward) attempt(data []byte) (int, error) {
	var n int
	var failure error
	if err := o.raw.Control(func(fd uintptr) { n, failure = frame.TryWrite(fd, data) }); err != nil {
		return n, err
	}
	return n, failure
}

func (o *outward) queue(data []byte) {
	if last := len(o.blocks) - 1; last >= 0 && cap(o.blocks[last])-len(o.blocks[last]) >= len(data) {
		o.blocks[last] = append(o.blocks[last], data...)
	} else {
		o.blocks = append(o.blocks, append(make([]byte, 0, max(blockSize, len(data))), data...))
	}
	if !o.flushing {
		o.flushing = true
		go o.flush()
	}
}

// flush writes what is queued, until nothing is.
func (o *outward) flush() {
	for {
		o.mutex.Lock()
		batch := o.blocks
		o.blocks = nil
		if len(batch) == 0 || o.closed {
			o.flushing = false
			o.finishIfEnded()
			o.mutex.Unlock()
			return
		}
		o.mutex.Unlock()
		n := 0
		for _, block := range batch {
			n += len(block)
		}
		err := frame.WriteAll(o.raw, batch...)
		o.mutex.Lock()
		if err != nil {
			o.broken(err)
		} else {
			o.wrote(n)
		}
		o.mutex.Unlock()
	}
}

// wrote needs the lock. It grants in portions of half a window, so that not every small piece of data costs a frame.
func (o *outward) wrote(n int) {
	o.total += int64(n)
	o.taken += n
	if o.taken < o.window/2 || o.ended || o.closed {
		return
	}
	more := o.taken
	if o.window < mostWindow && !o.flushing {
		wider := o.data.out.Room().widen(o.window)
		o.window += wider
		more += wider
	}
	o.allowed += more
	o.taken = 0
	o.data.grant(uint32(more))
}

// End implements receiver.
func (o *outward) End() {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if !o.ended {
		o.ended = true
		o.finishIfEnded()
	}
}

// finishIfEnded needs the lock.
func (o *outward) finishIfEnded() {
	if o.ended && !o.closed && !o.flushing {
		// A connection that is reset already is noticed by whoever reads from it.
		_ = o.conn.CloseWrite()
		o.closed = true
		close(o.done)
	}
}

// broken needs the lock.
func (o *outward) broken(err error) {
	if !o.closed {
		o.closed = true
		o.blocks = nil
		o.fail(err)
	}
}

// abort resets the connection.
func (o *outward) abort() {
	if tcp, ok := o.conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	o.conn.Close()
}

// close gives back what the window had grown by, and says how much was written.
func (o *outward) close() int64 {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.closed = true
	o.blocks = nil
	o.data.out.Room().narrow(o.window - leastWindow)
	o.window = leastWindow
	return o.total
}
