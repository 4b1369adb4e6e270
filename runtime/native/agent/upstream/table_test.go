package upstream

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"dev.sandboxed/native/agent/failure"
	"dev.sandboxed/native/flow"
	"dev.sandboxed/native/frame"
)

// keeper reads what a table sends.
type keeper struct {
	t      *testing.T
	reader *frame.Reader
	table  *Table
}

func newKeeper(t *testing.T) *keeper {
	t.Helper()
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	w, err := frame.NewWriter(out)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); out.Close() })
	return &keeper{t, frame.NewReader(in), New(w)}
}

func (k *keeper) next(want frame.Type) frame.Frame {
	k.t.Helper()
	f, err := k.reader.Next()
	if err != nil || f.Type != want {
		k.t.Fatalf("want %s, got %+v, %v", want, f, err)
	}
	return f
}

func (k *keeper) sends(id uint32, t frame.Type, channel uint8, payload string) {
	k.t.Helper()
	if err := k.table.Accept(frame.Frame{Stream: id, Type: t, Channel: channel, Payload: []byte(payload)}); err != nil {
		k.t.Fatal(err)
	}
}

type outcome struct {
	stream *Stream
	ok     json.RawMessage
	err    error
}

func (k *keeper) connect(ctx context.Context) (uint32, <-chan outcome) {
	k.t.Helper()
	done := make(chan outcome, 1)
	go func() {
		s, err := k.table.Connect(ctx, map[string]any{"op": "connect"})
		done <- outcome{stream: s, err: err}
	}()
	id := k.next(frame.Open).Stream
	if credit := k.next(frame.Credit); credit.Stream != id || credit.Channel != frame.Input {
		k.t.Fatalf("%+v", credit)
	}
	return id, done
}

func TestAConnectionCarriesDataWithinItsCredit(t *testing.T) {
	k := newKeeper(t)
	id, done := k.connect(context.Background())
	if id != frame.FirstOfAgent {
		t.Fatalf("stream %d", id)
	}
	k.sends(id, frame.Event, 0, `{"connected":{}}`)
	o := <-done
	if o.err != nil {
		t.Fatal(o.err)
	}
	k.sends(id, frame.Credit, frame.Output, "\x00\x00\x00\x05")
	if n, err := o.stream.Allowance(context.Background()); n != 5 || err != nil {
		t.Fatal(n, err)
	}
	if err := o.stream.Send([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	if f := k.next(frame.Data); string(f.Payload) != "hello" || f.Channel != frame.Output {
		t.Fatalf("%+v", f)
	}
	if err := o.stream.Send([]byte("!")); !errors.Is(err, flow.ErrOverrun) {
		t.Fatal(err)
	}
	k.sends(id, frame.Data, frame.Input, "answer")
	k.sends(id, frame.End, frame.Input, "")
	k.sends(id, frame.Result, 0, `{"ok":{}}`)
	if data, ok, err := o.stream.Inbox().Next(o.stream.Broken()); string(data) != "answer" || !ok || err != nil {
		t.Fatal(data, ok, err)
	}
	if _, ok, err := o.stream.Inbox().Next(o.stream.Broken()); ok || err != nil {
		t.Fatal(ok, err)
	}
	if k.table.Open() != 0 {
		t.Fatal("the stream is still there")
	}
}

func TestARefusalIsItsKind(t *testing.T) {
	k := newKeeper(t)
	id, done := k.connect(context.Background())
	k.sends(id, frame.Result, 0, `{"error":{"kind":"REFUSED","message":"no rule allows it"}}`)
	o := <-done
	if failure.Of(o.err, "").Kind != failure.Refused || !strings.Contains(o.err.Error(), "no rule") {
		t.Fatal(o.err)
	}
}

func TestABrokenConnectionWakesItsReader(t *testing.T) {
	k := newKeeper(t)
	id, done := k.connect(context.Background())
	k.sends(id, frame.Event, 0, `{"connected":{}}`)
	s := (<-done).stream
	k.sends(id, frame.Result, 0, `{"error":{"kind":"RESET","message":"reset"}}`)
	<-s.Broken().Done()
	s.Cancel() // must not speak of a stream that has ended
	k.table.Close()
	if _, err := k.table.Connect(context.Background(), nil); err == nil {
		t.Fatal("connected to a keeper that has gone")
	}
}

func TestWhoGivesUpCancels(t *testing.T) {
	k := newKeeper(t)
	ctx, cancel := context.WithCancel(context.Background())
	id, done := k.connect(ctx)
	cancel()
	if o := <-done; !errors.Is(o.err, context.Canceled) {
		t.Fatal(o.err)
	}
	if f := k.next(frame.Control); f.Stream != id || string(f.Payload) != `{"cancel":true}` {
		t.Fatalf("%+v", f)
	}
	k.sends(id, frame.Data, frame.Input, "too late")
	k.sends(id, frame.Result, 0, `{"error":{"kind":"CANCELLED","message":""}}`)
	if k.table.Open() != 0 {
		t.Fatal("the stream is still there")
	}
}

func TestAQuestionGetsItsAnswer(t *testing.T) {
	k := newKeeper(t)
	done := make(chan outcome, 1)
	go func() {
		ok, err := k.table.Ask(context.Background(), map[string]any{"op": "resolve"})
		done <- outcome{ok: ok, err: err}
	}()
	id := k.next(frame.Open).Stream
	k.sends(id, frame.Result, 0, `{"ok":{"addresses":[]}}`)
	if o := <-done; o.err != nil || string(o.ok) != `{"addresses":[]}` {
		t.Fatal(o)
	}
}

func TestWaitingConnectionsLeaveRoomForQuestionsAndEachOther(t *testing.T) {
	k := newKeeper(t)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for range 2 * maxConnecting {
		go func() { _, _ = k.table.Connect(ctx, map[string]any{"op": "connect"}) }()
	}
	// The frames of several streams may come mixed.
	opened := func() frame.Frame {
		for {
			f, err := k.reader.Next()
			if err != nil {
				t.Fatal(err)
			}
			if f.Type == frame.Open {
				f.Payload = bytes.Clone(f.Payload)
				return f
			}
		}
	}
	var open []uint32
	for range maxConnecting {
		open = append(open, opened().Stream)
	}
	go func() { _, _ = k.table.Ask(ctx, map[string]any{"op": "resolve"}) }()
	if f := opened(); !strings.Contains(string(f.Payload), "resolve") {
		t.Fatalf("%s", f.Payload)
	}
	k.sends(open[7], frame.Event, 0, `{"connected":{}}`)
	if f := opened(); !strings.Contains(string(f.Payload), "connect") {
		t.Fatalf("%s", f.Payload)
	}
}

func TestTheNumberOfStreamsIsBounded(t *testing.T) {
	k := newKeeper(t)
	for range frame.MaxStreams {
		id, done := k.connect(context.Background())
		k.sends(id, frame.Event, 0, `{"connected":{}}`)
		if o := <-done; o.err != nil {
			t.Fatal(o.err)
		}
	}
	if _, err := k.table.Connect(context.Background(), map[string]any{}); failure.Of(err, "").Kind != failure.TooMany {
		t.Fatal(err)
	}
}

func TestWhatBreaksTheProtocolIsAnError(t *testing.T) {
	for name, f := range map[string]frame.Frame{
		"open":             {Type: frame.Open, Payload: []byte(`{}`)},
		"control":          {Type: frame.Control, Payload: []byte(`{}`)},
		"data on 1":        {Type: frame.Data, Channel: 1, Payload: []byte("x")},
		"end on 1":         {Type: frame.End, Channel: 1},
		"credit for 0":     {Type: frame.Credit, Channel: 0, Payload: frame.CreditPayload(1)},
		"too much":         {Type: frame.Data, Payload: make([]byte, window(0)+1)},
		"event of numbers": {Type: frame.Event, Payload: []byte(`{"connected":5}`)},
		"odd result":       {Type: frame.Result, Payload: []byte(`{"error":[]}`)},
	} {
		t.Run(name, func(t *testing.T) {
			k := newKeeper(t)
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			id, _ := k.connect(ctx)
			f.Stream = id
			if err := k.table.Accept(f); err == nil {
				t.Fatal("no error")
			}
		})
	}
}

func TestFramesForEndedStreamsAreDropped(t *testing.T) {
	k := newKeeper(t)
	for _, kind := range []frame.Type{frame.Data, frame.End, frame.Credit, frame.Event, frame.Result} {
		k.sends(frame.FirstOfAgent+9, kind, 0, `{}`)
	}
}
