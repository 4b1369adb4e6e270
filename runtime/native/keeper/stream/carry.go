package stream

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"

	"dev.sandboxed/native/flow"
)

const (
	// leastWindow is what a peer may always send ahead of what a connection has taken, and mostWindow what it may send to one
	// that takes it at once.
	leastWindow = 64 << 10
	mostWindow  = 1 << 20
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
	defer context.AfterFunc(d.context, func() { cancel(context.Cause(d.context)) })()
	defer context.AfterFunc(ctx, func() { reset(conn) })()
	raw, err := conn.SyscallConn()
	if err != nil {
		conn.Close()
		return Carried{}, err
	}
	room := d.out.Room()
	written := make(chan struct{})
	drain := flow.NewDrain(raw, flow.Window{Least: leastWindow, Most: mostWindow, Widen: room.widen}, d.grant, func(err error) {
		if err != nil {
			cancel(broken(err))
			return
		}
		// A connection that is broken already is noticed by whoever reads from it.
		_ = conn.CloseWrite()
		close(written)
	})
	d.deliverTo(drain)
	drain.Open()
	sent, err := d.pump(ctx, raw)
	if err == nil {
		d.End()
		select {
		case <-written:
		case <-ctx.Done():
			err = context.Cause(ctx)
		}
	}
	if err != nil {
		reset(conn)
	}
	received, widened := drain.Close()
	room.narrow(widened)
	conn.Close()
	return Carried{ToPeer: sent, FromPeer: received}, err
}

func broken(err error) error { return Errorf(Reset, "the connection broke: %v", err) }

// reset ends a connection so that its other end sees that it broke, as far as it is one of TCP.
func reset(conn Conn) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	conn.Close()
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
			failure = broken(err)
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
