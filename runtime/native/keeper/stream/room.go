package stream

import (
	"context"
	"sync"
	"sync/atomic"

	"dev.sandboxed/native/frame"
)

// Chunk is the most data in one frame, which is a power of two with its header, as pipes and buffers are.
const Chunk = 256<<10 - frame.HeaderSize

// Room bounds what is on its way to one peer: a sender takes a piece of it before it reads anything, and the piece is free
// again when the peer's connection has taken what was put into it. So a peer that grants credit and does not read costs no
// more than all pieces.
type Room struct {
	pieces chan struct{}
	// spare is what the windows of all streams of the peer may still grow by.
	spare atomic.Int64
}

// NewRoom is room for so many pieces of at most Chunk bytes, and for windows of so many bytes beyond what every stream has.
func NewRoom(pieces int, spare int64) *Room {
	r := &Room{pieces: make(chan struct{}, pieces)}
	r.spare.Store(spare)
	return r
}

var chunks = sync.Pool{New: func() any { b := make([]byte, Chunk); return &b }}

// piece is memory for what is to be sent.
type piece struct {
	bytes []byte
	room  *Room
	chunk *[]byte
}

func (r *Room) enter(ctx context.Context) (*piece, error) {
	select {
	case r.pieces <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	chunk := chunks.Get().(*[]byte)
	return &piece{bytes: *chunk, room: r, chunk: chunk}, nil
}

func (p *piece) leave() {
	chunks.Put(p.chunk)
	<-p.room.pieces
}

// widen takes n bytes for a window, if there are as many.
func (r *Room) widen(n int) bool {
	if r.spare.Add(-int64(n)) >= 0 {
		return true
	}
	r.spare.Add(int64(n))
	return false
}

func (r *Room) narrow(n int) { r.spare.Add(int64(n)) }
