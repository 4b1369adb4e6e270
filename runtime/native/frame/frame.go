// Package frame is the codec of the protocol between client, keeper and agent: docs/protocol.md describes it and
// testdata/frames.json pins it. Everything it decodes may come from a hostile peer.
package frame

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Limits of the protocol.
const (
	HeaderSize = 12
	MaxPayload = 1 << 20
	MaxStream  = 1<<31 - 1
	MaxCredit  = 1<<31 - 1
	MaxDepth   = 16
	MaxStreams = 4096
)

// Streams that the agent opens have numbers from FirstOfAgent on, so that they never meet those of the keeper. Of them no more
// than MaxStreams are open, and no more than MaxPending wait for the keeper's first answer.
const (
	FirstOfAgent = 1 << 30
	MaxPending   = 256
)

// Protocol is the version of the protocol that both ends of a connection must share.
const Protocol = 1

// Type says what a frame is.
type Type uint8

// The types of frames.
const (
	Hello Type = iota + 1
	Open
	Data
	End
	Credit
	Control
	Event
	Result
)

var typeNames = [...]string{"", "HELLO", "OPEN", "DATA", "END", "CREDIT", "CONTROL", "EVENT", "RESULT"}

func (t Type) String() string {
	if t >= Hello && t <= Result {
		return typeNames[t]
	}
	return fmt.Sprintf("type %d", uint8(t))
}

// Channels of a stream.
const (
	Input       = 0
	Output      = 1
	ErrorOutput = 2
)

// Frame is one message. Its payload is valid only as long as the buffer it was read into.
type Frame struct {
	Stream  uint32
	Type    Type
	Channel uint8
	Payload []byte
}

// Kind names the rule that a refused frame broke.
type Kind string

// The rules a frame can break.
const (
	Truncated  Kind = "TRUNCATED"
	TooLarge   Kind = "TOO_LARGE"
	BadStream  Kind = "STREAM"
	BadType    Kind = "TYPE"
	BadChannel Kind = "CHANNEL"
	BadReserve Kind = "RESERVED"
	BadLength  Kind = "LENGTH"
	BadCredit  Kind = "CREDIT"
	BadJSON    Kind = "JSON"
	TooDeep    Kind = "DEPTH"
)

// Error says that a peer sent something that is not a frame of the protocol.
type Error struct {
	Kind    Kind
	Message string
}

func (e *Error) Error() string { return e.Message }

func refuse(kind Kind, format string, args ...any) error {
	return &Error{Kind: kind, Message: fmt.Sprintf(format, args...)}
}

// PutHeader writes the header of a frame whose payload has length bytes.
func PutHeader(to *[HeaderSize]byte, stream uint32, t Type, channel uint8, length int) {
	binary.BigEndian.PutUint32(to[0:], uint32(length))
	binary.BigEndian.PutUint32(to[4:], stream)
	to[8] = uint8(t)
	to[9] = channel
	to[10], to[11] = 0, 0
}

// Append appends the encoded frame.
func Append(to []byte, f Frame) []byte {
	var h [HeaderSize]byte
	PutHeader(&h, f.Stream, f.Type, f.Channel, len(f.Payload))
	return append(append(to, h[:]...), f.Payload...)
}

// CreditPayload is the payload of a CREDIT frame.
func CreditPayload(n uint32) []byte { return binary.BigEndian.AppendUint32(nil, n) }

// CreditOf is the number of bytes that a CREDIT frame grants.
func (f Frame) CreditOf() uint32 { return binary.BigEndian.Uint32(f.Payload) }

// Reader reads frames, checking each against every rule that a single frame can break.
type Reader struct {
	from   io.Reader
	buffer []byte
	start  int
	end    int
}

// readSize lets one read take in several frames; a whole frame always fits besides.
const readSize = 256 << 10

// NewReader reads from a stream. The buffer grows with the frames that really arrive, to a little over 1 MiB.
func NewReader(from io.Reader) *Reader {
	return &Reader{from: from}
}

// Next returns the next frame, which is valid until the following call; io.EOF at an end between two frames.
func (r *Reader) Next() (Frame, error) {
	if err := r.fill(HeaderSize); err != nil {
		if errors.Is(err, io.EOF) && r.start == r.end {
			return Frame{}, io.EOF
		}
		return Frame{}, r.truncated(err)
	}
	header := r.buffer[r.start : r.start+HeaderSize]
	length := binary.BigEndian.Uint32(header)
	f := Frame{Stream: binary.BigEndian.Uint32(header[4:]), Type: Type(header[8]), Channel: header[9]}
	if err := checkHeader(f, length, header[10] != 0 || header[11] != 0); err != nil {
		return Frame{}, err
	}
	if err := r.fill(HeaderSize + int(length)); err != nil {
		return Frame{}, r.truncated(err)
	}
	from := r.start + HeaderSize
	to := from + int(length)
	f.Payload = r.buffer[from:to:to]
	r.start = to
	return f, checkPayload(f)
}

// Buffered says whether bytes of a following frame have been read already.
func (r *Reader) Buffered() bool { return r.end > r.start }

// Whole says whether a whole frame more has been read already, so that Next will not wait.
func (r *Reader) Whole() bool {
	n := r.end - r.start
	return n >= HeaderSize && n-HeaderSize >= int(binary.BigEndian.Uint32(r.buffer[r.start:]))
}

func (r *Reader) truncated(err error) error {
	if errors.Is(err, io.EOF) {
		return refuse(Truncated, "the stream ended inside a frame, after %d bytes of it", r.end-r.start)
	}
	return err
}

// fill makes n bytes available from start on.
func (r *Reader) fill(n int) error {
	if r.end-r.start >= n {
		return nil
	}
	if r.start+n > len(r.buffer) || (r.start == r.end && r.start > 0) {
		r.compact(n)
	}
	for r.end-r.start < n {
		if r.end == len(r.buffer) {
			r.grow(n)
		}
		read, err := r.from.Read(r.buffer[r.end:])
		r.end += read
		if read == 0 && err != nil {
			return err
		}
	}
	return nil
}

func (r *Reader) compact(n int) {
	if r.buffer == nil {
		r.buffer = make([]byte, 4<<10)
	}
	copy(r.buffer, r.buffer[r.start:r.end])
	r.end -= r.start
	r.start = 0
	if n > len(r.buffer) && len(r.buffer) < readSize {
		r.grow(n)
	}
}

// grow enlarges a full buffer, so a peer that only announces a large frame does not make us hold memory for it. A large one
// holds several frames of the usual size, of which then few are cut in two and moved.
func (r *Reader) grow(n int) {
	size := readSize
	if len(r.buffer) >= readSize {
		size = max(HeaderSize+MaxPayload, r.start+n)
	}
	bigger := make([]byte, size)
	copy(bigger, r.buffer[:r.end])
	r.buffer = bigger
}

func checkHeader(f Frame, length uint32, reserved bool) error {
	if length > MaxPayload {
		return refuse(TooLarge, "a payload of %d bytes, where %d is the limit", length, MaxPayload)
	}
	if f.Type < Hello || f.Type > Result {
		return refuse(BadType, "unknown frame type %d", uint8(f.Type))
	}
	if reserved {
		return refuse(BadReserve, "reserved bytes of a %s frame are not zero", f.Type)
	}
	if err := checkStream(f); err != nil {
		return err
	}
	if err := checkChannel(f); err != nil {
		return err
	}
	wrong := false
	switch f.Type {
	case Data:
		wrong = length == 0
	case End:
		wrong = length != 0
	case Credit:
		wrong = length != 4
	}
	if wrong {
		return refuse(BadLength, "a %s frame with %d bytes of payload", f.Type, length)
	}
	return nil
}

func checkStream(f Frame) error {
	onConnection := f.Type == Hello || f.Type == Control || f.Type == Event
	onStream := f.Type != Hello
	if f.Stream > MaxStream || (f.Stream == 0 && !onConnection) || (f.Stream != 0 && !onStream) {
		return refuse(BadStream, "a %s frame on stream %d", f.Type, f.Stream)
	}
	return nil
}

func checkChannel(f Frame) error {
	limit := uint8(0)
	if f.Type == Data || f.Type == End || f.Type == Credit {
		limit = ErrorOutput
	}
	if f.Channel > limit {
		return refuse(BadChannel, "a %s frame on channel %d", f.Type, f.Channel)
	}
	return nil
}

func checkPayload(f Frame) error {
	switch f.Type {
	case Data, End:
		return nil
	case Credit:
		if n := f.CreditOf(); n == 0 || n > MaxCredit {
			return refuse(BadCredit, "a credit of %d bytes, where 1 to %d are allowed", n, MaxCredit)
		}
		return nil
	default:
		return CheckJSON(f.Payload)
	}
}
