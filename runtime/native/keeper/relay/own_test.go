package relay

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"dev.sandboxed/native/frame"
	"dev.sandboxed/native/keeper/stream"
)

const first = frame.FirstOfAgent

func (b *bench) agentAsks(t *testing.T, number uint32, request string) {
	t.Helper()
	b.agentSends(t, frame.Frame{Stream: number, Type: frame.Open, Payload: []byte(request)})
}

// failureIn is the kind of error in a RESULT.
func failureIn(t *testing.T, f frame.Frame) string {
	t.Helper()
	var result struct{ Error stream.Error }
	if err := json.Unmarshal(f.Payload, &result); err != nil || f.Type != frame.Result {
		t.Fatalf("%s %s: %v", f.Type, f.Payload, err)
	}
	return result.Error.Kind
}

func within(t *testing.T, what string, done <-chan error) error {
	t.Helper()
	select {
	case err := <-done:
		return err
	case <-time.After(2 * time.Minute):
		t.Fatalf("%s did not come", what)
		return nil
	}
}

func TestAgentIsAnswered(t *testing.T) {
	b := setUpWith(t, func(r *Relay) {
		r.HandleAgent("resolve", func(q *stream.Request) (any, error) {
			if strings.Contains(string(q.Payload()), "forbidden") {
				return nil, stream.Errorf(stream.Refused, "no rule allows it")
			}
			return map[string]int{"ttlSeconds": 60}, nil
		})
	})
	b.agentAsks(t, first, `{"op":"resolve","name":"a"}`)
	if f := b.agentGets(t, frame.Result); f.Stream != first || string(f.Payload) != `{"ok":{"ttlSeconds":60}}` {
		t.Fatalf("%d %s", f.Stream, f.Payload)
	}
	b.agentAsks(t, first, `{"op":"resolve","name":"forbidden"}`)
	if f := b.agentGets(t, frame.Result); failureIn(t, f) != stream.Refused {
		t.Fatalf("%s", f.Payload)
	}
	for _, unknown := range []string{`{"op":"exec"}`, `{}`, `{"op":7}`,
		`{"op":"resolve","name":"` + strings.Repeat("x", maxQuestion) + `"}`} {
		b.agentAsks(t, first+1, unknown)
		if f := b.agentGets(t, frame.Result); failureIn(t, f) != stream.Invalid {
			t.Fatalf("%s", f.Payload)
		}
	}
}

// echo sends back what it gets and ends.
func echo(q *stream.Request) (any, error) {
	if err := q.Event(map[string]any{"connected": struct{}{}}); err != nil {
		return nil, err
	}
	for {
		data, err := q.Receive(q.Context())
		if errors.Is(err, io.EOF) {
			q.End()
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		if err := q.Send(q.Context(), data); err != nil {
			return nil, err
		}
	}
}

func TestDataOfAnAgentsStreamFlowsBothWays(t *testing.T) {
	b := setUpWith(t, func(r *Relay) { r.HandleAgent("connect", echo) })
	b.agentAsks(t, first+5, `{"op":"connect"}`)
	b.agentGets(t, frame.Event)
	window := b.agentGets(t, frame.Credit)
	if window.Channel != frame.Output || window.CreditOf() == 0 {
		t.Fatalf("%+v", window)
	}
	b.agentSends(t, frame.Frame{Stream: first + 5, Type: frame.Data, Channel: frame.Output, Payload: []byte("hello")})
	b.agentSends(t, frame.Frame{Stream: first + 5, Type: frame.End, Channel: frame.Output})
	b.agentSends(t, frame.Frame{Stream: first + 5, Type: frame.Credit, Channel: frame.Input, Payload: frame.CreditPayload(3)})
	if f := b.agentGets(t, frame.Data); f.Channel != frame.Input || string(f.Payload) != "hel" {
		t.Fatalf("%+v", f)
	}
	b.agentSends(t, frame.Frame{Stream: first + 5, Type: frame.Credit, Channel: frame.Input, Payload: frame.CreditPayload(9)})
	if f := b.agentGets(t, frame.Data); string(f.Payload) != "lo" {
		t.Fatalf("%+v", f)
	}
	b.agentGets(t, frame.End)
	if f := b.agentGets(t, frame.Result); string(f.Payload) != `{"ok":{}}` {
		t.Fatalf("%s", f.Payload)
	}
}

// wait answers when it is cancelled.
func wait(q *stream.Request) (any, error) {
	<-q.Context().Done()
	return nil, q.Context().Err()
}

func TestAgentCancels(t *testing.T) {
	b := setUpWith(t, func(r *Relay) { r.HandleAgent("connect", wait) })
	b.agentAsks(t, first, `{"op":"connect"}`)
	b.agentSends(t, frame.Frame{Stream: first, Type: frame.Control, Payload: []byte(`{"cancel":true}`)})
	if f := b.agentGets(t, frame.Result); failureIn(t, f) != stream.Cancelled {
		t.Fatalf("%s", f.Payload)
	}
	// What was under way is dropped, and the number is free.
	b.agentSends(t, frame.Frame{Stream: first, Type: frame.Control, Payload: []byte(`{"cancel":true}`)})
	b.agentSends(t, frame.Frame{Stream: first, Type: frame.Data, Channel: frame.Output, Payload: []byte("late")})
	b.agentAsks(t, first, `{"op":"nothing"}`)
	b.agentGets(t, frame.Result)
}

func TestAgentOpensSoManyAtMost(t *testing.T) {
	b := setUpWith(t, func(r *Relay) {
		r.HandleAgent("connect", wait)
		r.HandleAgent("stay", func(q *stream.Request) (any, error) { return nil, errors.Join(q.Event(struct{}{}), waitFor(q)) })
	})
	for i := range uint32(frame.MaxPending) {
		b.agentAsks(t, first+i, `{"op":"connect"}`)
	}
	b.agentAsks(t, first+frame.MaxPending, `{"op":"connect"}`)
	if f := b.agentGets(t, frame.Result); f.Stream != first+frame.MaxPending || failureIn(t, f) != stream.TooMany {
		t.Fatalf("%+v", f)
	}
	b.agentSends(t, frame.Frame{Stream: first, Type: frame.Control, Payload: []byte(`{"cancel":true}`)})
	b.agentGets(t, frame.Result)
	for i := range uint32(frame.MaxStreams - frame.MaxPending + 1) {
		b.agentAsks(t, first+1000+i, `{"op":"stay"}`)
		b.agentGets(t, frame.Event)
	}
	b.agentSends(t, frame.Frame{Stream: first + 1, Type: frame.Control, Payload: []byte(`{"cancel":true}`)})
	b.agentGets(t, frame.Result)
	b.agentAsks(t, first+9000, `{"op":"stay"}`)
	b.agentGets(t, frame.Event)
	b.agentAsks(t, first+9001, `{"op":"stay"}`)
	if f := b.agentGets(t, frame.Result); f.Stream != first+9001 || failureIn(t, f) != stream.TooMany {
		t.Fatalf("%+v", f)
	}
}

func waitFor(q *stream.Request) error {
	_, err := wait(q)
	return err
}

func TestAgentThatBreaksTheRulesOnItsOwnStreamsIsFound(t *testing.T) {
	on := func(f frame.Frame) frame.Frame {
		f.Stream = first
		return f
	}
	for name, c := range map[string]struct {
		frame   frame.Frame
		mention string
	}{
		"data without credit":  {on(frame.Frame{Type: frame.Data, Channel: frame.Output, Payload: []byte("x")}), "credit"},
		"data on its input":    {on(frame.Frame{Type: frame.Data, Payload: []byte("x")}), "channel 0"},
		"credit for itself":    {on(frame.Frame{Type: frame.Credit, Channel: frame.Output, Payload: frame.CreditPayload(1)}), "channel 1"},
		"error output":         {on(frame.Frame{Type: frame.End, Channel: frame.ErrorOutput}), "channel 2"},
		"a result":             {on(frame.Frame{Type: frame.Result, Payload: []byte(`{}`)}), "RESULT"},
		"an event":             {on(frame.Frame{Type: frame.Event, Payload: []byte(`{}`)}), "EVENT"},
		"a second open":        {on(frame.Frame{Type: frame.Open, Payload: []byte(`{"op":"connect"}`)}), "twice"},
		"an odd control":       {on(frame.Frame{Type: frame.Control, Payload: []byte(`{"cancel":1}`)}), "CONTROL"},
		"a number of a client": {frame.Frame{Stream: first - 1, Type: frame.Open, Payload: []byte(`{"op":"connect"}`)}, "OPEN"},
	} {
		t.Run(name, func(t *testing.T) {
			b := setUpWith(t, func(r *Relay) { r.HandleAgent("connect", wait) })
			b.agentAsks(t, first, `{"op":"connect"}`)
			b.agentSends(t, c.frame)
			if err := within(t, "the end", b.ended); err == nil || !strings.Contains(err.Error(), c.mention) {
				t.Fatal(err)
			}
		})
	}
}

func TestAgentThatNeverReadsAnswersIsFound(t *testing.T) {
	b := setUp(t)
	asks := frame.Append(nil, frame.Frame{Stream: first, Type: frame.Open, Payload: []byte(`{"op":"` + strings.Repeat("x", 40) + `"}`)})
	asks = bytes.Repeat(asks, 1000)
	go func() {
		for {
			if _, err := b.agent.Write(asks); err != nil {
				return
			}
		}
	}()
	if err := within(t, "the end", b.ended); !errors.Is(err, errUnread) {
		t.Fatal(err)
	}
}

func TestSandboxesEndEndsWhatTheKeeperDoes(t *testing.T) {
	ended := make(chan error, 1)
	b := setUpWith(t, func(r *Relay) {
		r.HandleAgent("connect", func(q *stream.Request) (any, error) {
			_, err := wait(q)
			ended <- err
			return nil, err
		})
	})
	b.agentAsks(t, first, `{"op":"connect"}`)
	b.agent.Close()
	if err := within(t, "the relay's end", b.ended); err != nil {
		t.Fatal(err)
	}
	_ = within(t, "the request's end", ended)
}

func TestClientIsAnsweredByTheKeeper(t *testing.T) {
	b := setUpWith(t, func(r *Relay) { r.HandleClient("echo", echo) })
	b.clientSends(t, frame.Frame{Stream: 9, Type: frame.Open, Payload: []byte(`{"op":"echo"}`)})
	b.clientGets(t, frame.Event)
	if f := b.clientGets(t, frame.Credit); f.Stream != 9 || f.Channel != frame.Input {
		t.Fatalf("%+v", f)
	}
	b.clientSends(t, frame.Frame{Stream: 9, Type: frame.Credit, Channel: frame.Output, Payload: frame.CreditPayload(100)})
	b.clientSends(t, frame.Frame{Stream: 9, Type: frame.Credit, Channel: frame.ErrorOutput, Payload: frame.CreditPayload(100)})
	b.clientSends(t, frame.Frame{Stream: 9, Type: frame.Data, Payload: []byte("hello")})
	if f := b.clientGets(t, frame.Data); f.Stream != 9 || f.Channel != frame.Output || string(f.Payload) != "hello" {
		t.Fatalf("%+v", f)
	}
	b.clientSends(t, frame.Frame{Stream: 9, Type: frame.Control, Payload: []byte(`{"cancel":true}`)})
	if f := b.clientGets(t, frame.Result); failureIn(t, f) != stream.Cancelled {
		t.Fatalf("%s", f.Payload)
	}
	// The agent was told nothing of it.
	b.open(t, 10)
}

func TestClientAsksTheKeeperSoMuchAtMost(t *testing.T) {
	b := setUpWith(t, func(r *Relay) { r.HandleClient("wait", wait) })
	for i := range uint32(maxClientRequests + 1) {
		b.clientSends(t, frame.Frame{Stream: i + 1, Type: frame.Open, Payload: []byte(`{"op":"wait"}`)})
	}
	if f := b.clientGets(t, frame.Result); f.Stream != maxClientRequests+1 || failureIn(t, f) != stream.TooMany {
		t.Fatalf("%+v", f)
	}
}

func TestClientThatGoesCancelsWhatItAskedTheKeeper(t *testing.T) {
	ended := make(chan error, 1)
	began := make(chan error, 1)
	b := setUpWith(t, func(r *Relay) {
		r.HandleClient("wait", func(q *stream.Request) (any, error) {
			began <- nil
			err := waitFor(q)
			ended <- err
			return nil, err
		})
	})
	b.clientSends(t, frame.Frame{Stream: 1, Type: frame.Open, Payload: []byte(`{"op":"wait"}`)})
	_ = within(t, "the request", began)
	b.client.Close()
	_ = within(t, "the request's end", ended)
}

func TestKeeperAsksTheAgent(t *testing.T) {
	b := setUp(t)
	call, err := b.relay.Open(map[string]any{"op": "dial", "port": 80})
	if err != nil {
		t.Fatal(err)
	}
	defer call.Cancel()
	open := b.agentGets(t, frame.Open)
	if open.Stream >= frame.FirstOfAgent || string(open.Payload) != `{"op":"dial","port":80}` {
		t.Fatalf("%d %s", open.Stream, open.Payload)
	}
	b.agentSends(t, frame.Frame{Stream: open.Stream, Type: frame.Event, Payload: []byte(`{"connected":{}}`)})
	if e, err := call.Event(t.Context()); err != nil || string(e) != `{"connected":{}}` {
		t.Fatalf("%s %v", e, err)
	}
	b.agentSends(t, frame.Frame{Stream: open.Stream, Type: frame.Result,
		Payload: []byte(`{"error":{"kind":"RESET","message":"gone\u0007` + strings.Repeat("x", 10_000) + `"}}`)})
	_, err = call.Event(t.Context())
	var failure *stream.Error
	if !errors.As(err, &failure) || failure.Kind != stream.Reset || strings.ContainsRune(failure.Message, 7) || len(failure.Message) > 1000 {
		t.Fatal(err)
	}
	<-call.Context().Done()
}

func TestAgentThatAnswersTheKeeperWronglyIsFound(t *testing.T) {
	for name, f := range map[string]frame.Frame{
		"data without credit": {Type: frame.Data, Channel: frame.Output, Payload: []byte("x")},
		"data on its input":   {Type: frame.Data, Payload: []byte("x")},
		"a control":           {Type: frame.Control, Payload: []byte(`{}`)},
		"a large event":       {Type: frame.Event, Payload: []byte(`{"a":"` + strings.Repeat("x", maxEventSize) + `"}`)},
	} {
		t.Run(name, func(t *testing.T) {
			b := setUp(t)
			call, err := b.relay.Open(map[string]string{"op": "dial"})
			if err != nil {
				t.Fatal(err)
			}
			defer call.Cancel()
			f.Stream = b.agentGets(t, frame.Open).Stream
			b.agentSends(t, f)
			if err := within(t, "the end", b.ended); err == nil {
				t.Fatal("no error")
			}
		})
	}
}

// tcpPair is a connection and its other end.
func tcpPair(t *testing.T) (near, far *net.TCPConn) {
	t.Helper()
	listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	near, err = net.DialTCP("tcp", nil, listener.Addr().(*net.TCPAddr))
	if err != nil {
		t.Fatal(err)
	}
	far, err = listener.AcceptTCP()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { near.Close(); far.Close() })
	return near, far
}

// carrying is a stream of the agent that is carried to a connection, whose other end is the test's.
func carrying(t *testing.T) (b *bench, far *net.TCPConn, done chan error) {
	t.Helper()
	near, far := tcpPair(t)
	done = make(chan error, 1)
	b = setUpWith(t, func(r *Relay) {
		r.HandleAgent("connect", func(q *stream.Request) (any, error) {
			carried, err := q.Carry(q.Context(), near)
			done <- err
			return carried, err
		})
	})
	b.agentAsks(t, first, `{"op":"connect"}`)
	b.agentGets(t, frame.Credit)
	return b, far, done
}

func TestConnectionIsCarriedWithItsHalfCloses(t *testing.T) {
	b, far, done := carrying(t)
	b.agentSends(t, frame.Frame{Stream: first, Type: frame.Data, Channel: frame.Output, Payload: []byte("question")})
	b.agentSends(t, frame.Frame{Stream: first, Type: frame.End, Channel: frame.Output})
	if got, err := io.ReadAll(far); err != nil || string(got) != "question" {
		t.Fatalf("%q %v", got, err)
	}
	b.agentSends(t, frame.Frame{Stream: first, Type: frame.Credit, Payload: frame.CreditPayload(100)})
	if _, err := far.Write([]byte("answer")); err != nil {
		t.Fatal(err)
	}
	if f := b.agentGets(t, frame.Data); string(f.Payload) != "answer" {
		t.Fatalf("%s", f.Payload)
	}
	far.Close()
	b.agentGets(t, frame.End)
	if f := b.agentGets(t, frame.Result); string(f.Payload) != `{"ok":{"ToPeer":6,"FromPeer":8}}` {
		t.Fatalf("%s", f.Payload)
	}
	if err := within(t, "the end", done); err != nil {
		t.Fatal(err)
	}
}

func TestResetOfAConnectionIsTold(t *testing.T) {
	b, far, _ := carrying(t)
	b.agentSends(t, frame.Frame{Stream: first, Type: frame.Credit, Payload: frame.CreditPayload(100)})
	_ = far.SetLinger(0)
	far.Close()
	if f := b.agentGets(t, frame.Result); failureIn(t, f) != stream.Reset {
		t.Fatalf("%s", f.Payload)
	}
}

func TestCancelResetsAConnection(t *testing.T) {
	b, far, _ := carrying(t)
	b.agentSends(t, frame.Frame{Stream: first, Type: frame.Control, Payload: []byte(`{"cancel":true}`)})
	if f := b.agentGets(t, frame.Result); failureIn(t, f) != stream.Cancelled {
		t.Fatalf("%s", f.Payload)
	}
	if _, err := io.ReadAll(far); err == nil {
		t.Fatal("the connection ended, and was not reset")
	}
}

func TestSlowConnectionHoldsUpNobodyElse(t *testing.T) {
	b, far, _ := carrying(t)
	_ = far.SetReadBuffer(128 << 10)
	const much = 32 << 20
	chunk := make([]byte, 16<<10)
	allowed, sent := 64<<10, 0
	// The connection takes nothing, but all of the window is taken from the agent, and others go on.
	for ; allowed >= len(chunk); allowed -= len(chunk) {
		b.agentSends(t, frame.Frame{Stream: first, Type: frame.Data, Channel: frame.Output, Payload: chunk})
		sent += len(chunk)
	}
	b.clientSends(t, frame.Frame{Stream: 1, Type: frame.Open, Payload: []byte(`{"op":"exec"}`)})
	for {
		f, err := b.reads.Next()
		if err != nil {
			t.Fatal(err)
		}
		if f.Type == frame.Open {
			break
		}
		allowed += int(f.CreditOf())
	}
	arrived := make(chan error, 1)
	go func() {
		_, err := io.CopyN(io.Discard, far, much)
		arrived <- err
	}()
	for sent < much {
		for ; allowed >= len(chunk) && sent < much; allowed -= len(chunk) {
			b.agentSends(t, frame.Frame{Stream: first, Type: frame.Data, Channel: frame.Output, Payload: chunk})
			sent += len(chunk)
		}
		if sent < much {
			allowed += int(b.agentGets(t, frame.Credit).CreditOf())
		}
	}
	if err := within(t, "the data", arrived); err != nil {
		t.Fatal(err)
	}
}

func TestManySmallFramesAreCarriedInOrder(t *testing.T) {
	b, far, _ := carrying(t)
	go func() {
		for {
			if _, err := b.reads.Next(); err != nil {
				return
			}
		}
	}()
	var want bytes.Buffer
	for i := range 10_000 {
		text := fmt.Sprintf("%d,", i)
		if want.Len()+len(text) > 64<<10 {
			break
		}
		want.WriteString(text)
		b.agentSends(t, frame.Frame{Stream: first, Type: frame.Data, Channel: frame.Output, Payload: []byte(text)})
	}
	b.agentSends(t, frame.Frame{Stream: first, Type: frame.End, Channel: frame.Output})
	if got, err := io.ReadAll(far); err != nil || !bytes.Equal(got, want.Bytes()) {
		t.Fatalf("%d of %d bytes, %v", len(got), want.Len(), err)
	}
}

func TestDatagramIsSentWholeOrNotAtAll(t *testing.T) {
	sent := make(chan bool, 2)
	again := make(chan struct{})
	b := setUpWith(t, func(r *Relay) {
		r.HandleAgent("connect", func(q *stream.Request) (any, error) {
			for range 2 {
				<-again
				ok, err := q.SendDatagram(q.Context(), []byte("datagram"))
				if err != nil {
					return nil, err
				}
				sent <- ok
			}
			return nil, nil
		})
	})
	b.agentAsks(t, first, `{"op":"connect"}`)
	again <- struct{}{}
	if <-sent {
		t.Fatal("sent without credit")
	}
	b.agentSends(t, frame.Frame{Stream: first, Type: frame.Credit, Payload: frame.CreditPayload(8)})
	// The relay has taken the credit once it has answered what came after it.
	b.agentAsks(t, first+1, `{}`)
	b.agentGets(t, frame.Result)
	again <- struct{}{}
	if f := b.agentGets(t, frame.Data); string(f.Payload) != "datagram" || !<-sent {
		t.Fatalf("%s", f.Payload)
	}
}
