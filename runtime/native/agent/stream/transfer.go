package stream

import (
	"context"
	"errors"
	"io"
)

// OnCancel calls f when the client cancels, until the returned function is called.
func (s *Stream) OnCancel(f func()) func() bool { return context.AfterFunc(s.Context, f) }

// Send sends everything that is read, as credit allows, and returns how much it was. While it waits for credit it holds no
// buffer.
func (s *Stream) Send(channel uint8, from io.Reader) (int64, error) {
	var total int64
	for {
		credit, err := s.to.Load().await(s.Context, channel)
		if err != nil {
			return total, err
		}
		n, err := s.sendOnce(channel, from, min(credit, Chunk))
		total += int64(n)
		if errors.Is(err, io.EOF) {
			return total, nil
		}
		if err != nil {
			return total, s.orCancelled(err)
		}
	}
}

func (s *Stream) sendOnce(channel uint8, from io.Reader, limit int) (int, error) {
	buffer := buffers.Get().(*[]byte)
	defer buffers.Put(buffer)
	n, err := from.Read((*buffer)[:limit])
	if n > 0 {
		if err := s.Write(channel, (*buffer)[:n]); err != nil {
			return 0, err
		}
	}
	return n, err
}

// Receive writes the whole input and returns how much it was.
func (s *Stream) Receive(to io.Writer) (int64, error) {
	inbox := s.Input()
	defer inbox.Discard()
	var total int64
	for {
		data, ok, err := inbox.Next(s.Context)
		if err != nil || !ok {
			return total, err
		}
		n, err := to.Write(data)
		total += int64(n)
		if err != nil {
			return total, s.orCancelled(err)
		}
		inbox.Consumed(len(data))
	}
}

// orCancelled prefers the reason over its effect: a cancel closes the file that is being worked on.
func (s *Stream) orCancelled(err error) error {
	if cancelled := s.Context.Err(); cancelled != nil {
		return cancelled
	}
	return err
}
