package frame

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"testing"
	"testing/iotest"
)

type vectors struct {
	Limits struct{ Payload, Stream, Credit, Depth, Streams int }
	Valid  []struct {
		Name, Hex, Type, Payload string
		Stream                   uint32
		Channel                  uint8
		Credit                   uint32
	}
	Invalid []struct{ Name, Hex, Error string }
}

func readVectors(t testing.TB) vectors {
	t.Helper()
	content, err := os.ReadFile("../testdata/frames.json")
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(content, &v); err != nil {
		t.Fatal(err)
	}
	if len(v.Valid) == 0 || len(v.Invalid) == 0 {
		t.Fatal("no vectors")
	}
	return v
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestLimitsAreThoseOfTheVectors(t *testing.T) {
	l := readVectors(t).Limits
	if l.Payload != MaxPayload || l.Stream != MaxStream || l.Credit != MaxCredit || l.Depth != MaxDepth || l.Streams != MaxStreams {
		t.Fatalf("limits differ: %+v", l)
	}
}

func TestValidFramesDecodeAndEncode(t *testing.T) {
	for _, v := range readVectors(t).Valid {
		t.Run(v.Name, func(t *testing.T) {
			encoded := unhex(t, v.Hex)
			r := NewReader(iotest.OneByteReader(bytes.NewReader(encoded)))
			f, err := r.Next()
			if err != nil {
				t.Fatal(err)
			}
			if f.Stream != v.Stream || f.Type.String() != v.Type || f.Channel != v.Channel || hex.EncodeToString(f.Payload) != v.Payload {
				t.Fatalf("decoded %+v", f)
			}
			if f.Type == Credit && f.CreditOf() != v.Credit {
				t.Fatalf("credit %d", f.CreditOf())
			}
			if !bytes.Equal(Append(nil, f), encoded) {
				t.Fatalf("encoded %x", Append(nil, f))
			}
			if _, err := r.Next(); err != io.EOF {
				t.Fatalf("after the frame: %v", err)
			}
		})
	}
}

func TestInvalidFramesAreRefused(t *testing.T) {
	for _, v := range readVectors(t).Invalid {
		t.Run(v.Name, func(t *testing.T) {
			_, err := NewReader(bytes.NewReader(unhex(t, v.Hex))).Next()
			var refused *Error
			if !errors.As(err, &refused) || string(refused.Kind) != v.Error {
				t.Fatalf("want %s, got %v", v.Error, err)
			}
		})
	}
}

func TestReaderKeepsFramesApart(t *testing.T) {
	var all []byte
	sizes := []int{1, 0, 5, 70_000, MaxPayload, 3, 4096 - HeaderSize, 300_000, 1}
	for i, size := range sizes {
		f := Frame{Stream: uint32(i + 1), Type: Data, Channel: 1, Payload: bytes.Repeat([]byte{byte(i)}, size)}
		if size == 0 {
			f.Type = End
		}
		all = Append(all, f)
	}
	for name, from := range map[string]io.Reader{
		"at once":   bytes.NewReader(all),
		"by halves": iotest.HalfReader(bytes.NewReader(all)),
		"data+eof":  iotest.DataErrReader(bytes.NewReader(all)),
	} {
		t.Run(name, func(t *testing.T) {
			r := NewReader(from)
			for i, size := range sizes {
				f, err := r.Next()
				if err != nil {
					t.Fatal(err)
				}
				if f.Stream != uint32(i+1) || !bytes.Equal(f.Payload, bytes.Repeat([]byte{byte(i)}, size)) {
					t.Fatalf("frame %d: stream %d, %d bytes", i, f.Stream, len(f.Payload))
				}
			}
			if _, err := r.Next(); err != io.EOF {
				t.Fatalf("at the end: %v", err)
			}
		})
	}
}

func TestAnnouncedPayloadIsNotAllocatedBeforeItArrives(t *testing.T) {
	var h [HeaderSize]byte
	PutHeader(&h, 1, Data, 0, MaxPayload)
	r := NewReader(bytes.NewReader(h[:]))
	if _, err := r.Next(); err == nil {
		t.Fatal("no error")
	}
	if len(r.buffer) > readSize {
		t.Fatalf("%d bytes allocated for a header", len(r.buffer))
	}
}

func TestWriterWritesWholeFramesThroughASmallPipe(t *testing.T) {
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	payload := bytes.Repeat([]byte("0123456789"), MaxPayload/10)
	w, err := NewWriter(out)
	if err != nil {
		t.Fatal(err)
	}
	const frames = 20
	for i := range frames {
		go func() { _ = w.Write(Frame{Stream: uint32(i + 1), Type: Data, Payload: payload}) }()
	}
	r := NewReader(in)
	seen := map[uint32]bool{}
	for range frames {
		f, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(f.Payload, payload) {
			t.Fatal("payload differs")
		}
		seen[f.Stream] = true
	}
	if len(seen) != frames {
		t.Fatalf("%d streams", len(seen))
	}
	out.Close()
	if err := w.Write(Frame{Stream: 1, Type: End}); err == nil {
		t.Fatal("write after close succeeded")
	}
}

func TestAHeldFrameIsWrittenWithTheNext(t *testing.T) {
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	defer out.Close()
	w, err := NewWriter(out)
	if err != nil {
		t.Fatal(err)
	}
	r := NewReader(in)
	for stream := range uint32(2) {
		if err := w.HoldJSON(stream+1, Event, map[string]int{"n": 1}); err != nil {
			t.Fatal(err)
		}
		if err := w.Write(Frame{Stream: stream + 1, Type: Result, Payload: []byte("{}")}); err != nil {
			t.Fatal(err)
		}
		for _, want := range []Type{Event, Result} {
			f, err := r.Next()
			if err != nil || f.Type != want || f.Stream != stream+1 {
				t.Fatalf("want %s, got %+v %v", want, f, err)
			}
			if whole := r.Whole(); whole != (want == Event) {
				t.Fatalf("after %s: whole %t", want, whole)
			}
		}
	}
}

func TestWholeCountsOnlyWhatHasBeenRead(t *testing.T) {
	two := Append(Append(nil, Frame{Stream: 1, Type: End}), Frame{Stream: 1, Type: Data, Payload: []byte("abc")})
	for n, want := range map[int]bool{HeaderSize: false, HeaderSize + 5: false, len(two) - 1: false, len(two): true} {
		r := NewReader(bytes.NewReader(two[:n]))
		if r.Whole() {
			t.Fatal("nothing has been read")
		}
		if _, err := r.Next(); err != nil {
			t.Fatal(err)
		}
		if got := r.Whole(); got != want {
			t.Errorf("of %d bytes: %t", n, got)
		}
	}
}

// FuzzDecode checks that whatever is accepted encodes to the same bytes again, and that nothing panics.
func FuzzDecode(f *testing.F) {
	v := readVectors(f)
	for _, x := range v.Valid {
		f.Add(unhex(f, x.Hex))
	}
	for _, x := range v.Invalid {
		f.Add(unhex(f, x.Hex))
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		r := NewReader(bytes.NewReader(input))
		var again []byte
		for {
			frame, err := r.Next()
			if err != nil {
				break
			}
			again = Append(again, frame)
		}
		if !bytes.HasPrefix(input, again) {
			t.Fatalf("decoded frames encode to %x", again)
		}
	})
}
