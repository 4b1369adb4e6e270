package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"time"
)

const (
	// stall is less than the second after which a packet that begins a connection is sent again.
	stall = 900 * time.Millisecond
	// beats is how often the pulse beats in a much shorter time, on any machine that it is the measure of.
	beats = 50
)

// pulse is a byte that goes to and fro, on a connection of its own that takes the same way: the measure of how fast things are here
// just now. What takes long on a busy machine takes few beats; what waits for a clock does not.
type pulse struct {
	conn  *net.TCPConn
	beats atomic.Int64
	ended chan error
}

// moment is a point in time, by both measures.
type moment struct {
	at   time.Time
	beat int64
}

func feel(address string) (*pulse, error) {
	conn, err := dial(address)
	if err != nil {
		return nil, err
	}
	p := &pulse{conn: conn, ended: make(chan error, 1)}
	go func() { p.ended <- p.beat() }()
	return p, nil
}

func (p *pulse) beat() error {
	b := []byte{1}
	for {
		if _, err := p.conn.Write(b); err != nil {
			return err
		}
		if _, err := io.ReadFull(p.conn, b); err != nil {
			return err
		}
		p.beats.Add(1)
		time.Sleep(time.Millisecond)
	}
}

func (p *pulse) now() moment { return moment{time.Now(), p.beats.Load()} }

// stalledSince says whether something that began then has waited for more than its turn.
func (p *pulse) stalledSince(then moment) bool {
	return time.Since(then.at) > stall && p.beats.Load()-then.beat > beats
}

// stop ends the pulse. A pulse that has ended before measured nothing, which is an error.
func (p *pulse) stop() error {
	p.conn.Close()
	if err := <-p.ended; !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("the pulse has ended: %w", err)
	}
	return nil
}
