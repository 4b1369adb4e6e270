// Package client is a small client of the protocol for tests.
package client

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"sync"
	"syscall"

	"dev.sandboxed/native/frame"
)

// window is what a stream grants for its output, again and again.
const window = 1 << 20

// Keeper is a started keeper process.
type Keeper struct {
	Command *exec.Cmd
	Stdin   io.WriteCloser
	Socket  string
	Err     *bytes.Buffer
}

// Start starts a keeper.
func Start(keeper string, start any, attributes *syscall.SysProcAttr) (*Keeper, error) {
	content, err := json.Marshal(start)
	if err != nil {
		return nil, err
	}
	k := &Keeper{Command: exec.Command(keeper), Err: &bytes.Buffer{}}
	k.Command.Stderr = k.Err
	k.Command.SysProcAttr = attributes
	if k.Stdin, err = k.Command.StdinPipe(); err != nil {
		return nil, err
	}
	stdout, err := k.Command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := k.Command.Start(); err != nil {
		return nil, err
	}
	message := append(binary.BigEndian.AppendUint32(nil, uint32(len(content))), content...)
	if _, err := k.Stdin.Write(message); err != nil {
		return nil, err
	}
	var answer struct{ Socket, Error string }
	if err := json.NewDecoder(stdout).Decode(&answer); err != nil {
		return nil, fmt.Errorf("the keeper's answer: %w: %s", err, k.Err)
	}
	if answer.Error != "" {
		return nil, errors.Join(errors.New(answer.Error), k.Command.Wait())
	}
	k.Socket = answer.Socket
	return k, nil
}

// Exited is how a sandbox ended.
type Exited struct {
	Code            int
	Reason          string
	Message, Output string
}

// Client is one connection.
type Client struct {
	conn    net.Conn
	out     *frame.Writer
	mutex   sync.Mutex
	streams map[uint32]*Stream
	last    uint32
	Running chan struct{}
	Exited  chan Exited
	Gone    chan struct{}
	Startup map[string]int64
	Tunnels map[int]int // of declared ports, once Running is closed
}

// Stream is one request.
type Stream struct {
	ID      uint32
	client  *Client
	mutex   sync.Mutex
	changed *sync.Cond
	credit  int
	Manual  bool // grants nothing by itself
	Discard bool
	output  [3]bytes.Buffer
	Counts  [3]int
	ended   [3]bool
	Events  []map[string]json.RawMessage
	result  json.RawMessage
	failed  error
}

// Connect connects to a keeper.
func Connect(socket string) (*Client, error) {
	conn, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: socket, Net: "unix"})
	if err != nil {
		return nil, err
	}
	out, err := frame.NewWriter(conn)
	if err != nil {
		return nil, err
	}
	c := &Client{conn: conn, out: out, streams: map[uint32]*Stream{}, Running: make(chan struct{}), Exited: make(chan Exited, 1),
		Gone: make(chan struct{})}
	if err := out.WriteJSON(0, frame.Hello, frame.Greeting{Protocol: frame.Protocol, Role: "client", Version: "test"}); err != nil {
		return nil, err
	}
	go c.read()
	return c, nil
}

// Close hangs up.
func (c *Client) Close() { c.conn.Close() }

// Terminate asks for the end.
func (c *Client) Terminate() error {
	return c.out.WriteJSON(0, frame.Control, map[string]bool{"terminate": true})
}

// Raw sends any frame.
func (c *Client) Raw(f frame.Frame) error { return c.out.Write(f) }

func (c *Client) read() {
	defer close(c.Gone)
	reader := frame.NewReader(c.conn)
	for {
		f, err := reader.Next()
		if err != nil {
			c.fail(err)
			return
		}
		if f.Stream == 0 {
			c.connectionEvent(f)
			continue
		}
		c.mutex.Lock()
		s := c.streams[f.Stream]
		c.mutex.Unlock()
		if s != nil {
			s.accept(f)
		}
	}
}

func (c *Client) connectionEvent(f frame.Frame) {
	var e struct {
		Running *struct {
			StartupMicros map[string]int64
			Tunnels       map[int]int
		}
		Exited *Exited
	}
	if f.Type != frame.Event || json.Unmarshal(f.Payload, &e) != nil {
		return
	}
	if e.Running != nil {
		c.Startup, c.Tunnels = e.Running.StartupMicros, e.Running.Tunnels
		close(c.Running)
	}
	if e.Exited != nil {
		c.Exited <- *e.Exited
	}
}

func (c *Client) fail(err error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	for _, s := range c.streams {
		s.mutex.Lock()
		s.failed = err
		s.changed.Broadcast()
		s.mutex.Unlock()
	}
}

func (s *Stream) accept(f frame.Frame) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	switch f.Type {
	case frame.Data:
		s.Counts[f.Channel] += len(f.Payload)
		if !s.Discard {
			s.output[f.Channel].Write(f.Payload)
		}
		if !s.Manual {
			go s.Grant(f.Channel, uint32(len(f.Payload)))
		}
	case frame.End:
		s.ended[f.Channel] = true
	case frame.Credit:
		s.credit += int(f.CreditOf())
	case frame.Event:
		var e map[string]json.RawMessage
		_ = json.Unmarshal(f.Payload, &e)
		s.Events = append(s.Events, e)
	case frame.Result:
		s.result = append(json.RawMessage(nil), f.Payload...)
	}
	s.changed.Broadcast()
}

// Open sends a request and grants a window for each output, unless manual.
func (c *Client) Open(request any, manual bool) (*Stream, error) {
	c.mutex.Lock()
	c.last++
	s := &Stream{ID: c.last, client: c, Manual: manual}
	s.changed = sync.NewCond(&s.mutex)
	c.streams[s.ID] = s
	c.mutex.Unlock()
	if err := c.out.WriteJSON(s.ID, frame.Open, request); err != nil {
		return nil, err
	}
	if !manual {
		s.Grant(frame.Output, window)
		s.Grant(frame.ErrorOutput, window)
	}
	return s, nil
}

// Grant allows n more bytes.
func (s *Stream) Grant(channel uint8, n uint32) {
	_ = s.client.out.Write(frame.Frame{Stream: s.ID, Type: frame.Credit, Channel: channel, Payload: frame.CreditPayload(n)})
}

// Control sends a CONTROL frame.
func (s *Stream) Control(value any) error { return s.client.out.WriteJSON(s.ID, frame.Control, value) }

// Write sends input as credit allows.
func (s *Stream) Write(data []byte) (int, error) {
	total := len(data)
	for len(data) > 0 {
		s.mutex.Lock()
		for s.credit == 0 && s.result == nil && s.failed == nil {
			s.changed.Wait()
		}
		if s.result != nil || s.failed != nil {
			s.mutex.Unlock()
			return total - len(data), errors.Join(io.ErrClosedPipe, s.failed)
		}
		n := min(s.credit, len(data), 256<<10)
		s.credit -= n
		s.mutex.Unlock()
		if err := s.client.out.Write(frame.Frame{Stream: s.ID, Type: frame.Data, Payload: data[:n]}); err != nil {
			return total - len(data), err
		}
		data = data[n:]
	}
	return total, nil
}

// End ends the input.
func (s *Stream) End() error { return s.client.out.Write(frame.Frame{Stream: s.ID, Type: frame.End}) }

// Await waits until the condition holds, or the connection has ended.
func (s *Stream) Await(condition func() bool) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for !condition() {
		if s.failed != nil {
			return s.failed
		}
		s.changed.Wait()
	}
	return nil
}

// Event waits for an event with the given member.
func (s *Stream) Event(name string) (json.RawMessage, error) {
	var found json.RawMessage
	err := s.Await(func() bool {
		for _, e := range s.Events {
			if v, ok := e[name]; ok {
				found = v
				return true
			}
		}
		return s.result != nil
	})
	if err == nil && found == nil {
		err = fmt.Errorf("no event %s before the result %s", name, s.result)
	}
	return found, err
}

// Result is the answer to a request.
type Result struct {
	Ok    json.RawMessage
	Error *struct{ Kind, Message, Path string }
}

// Result waits for the answer.
func (s *Stream) Result() (Result, error) {
	var r Result
	if err := s.Await(func() bool { return s.result != nil }); err != nil {
		return r, err
	}
	s.client.mutex.Lock()
	delete(s.client.streams, s.ID)
	s.client.mutex.Unlock()
	return r, json.Unmarshal(s.result, &r)
}

// Output is what has arrived on a channel.
func (s *Stream) Output(channel uint8) string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.output[channel].String()
}

// Ended says whether the channel has ended.
func (s *Stream) Ended(channel uint8) bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.ended[channel]
}

// WaitForEnd waits for the keeper process.
func (k *Keeper) WaitForEnd() error {
	if err := k.Command.Wait(); err != nil {
		return fmt.Errorf("%w: %s", err, k.Err)
	}
	return nil
}

// Executable says whether a file is there to be run.
func Executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}
