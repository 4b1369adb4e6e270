// Package network lets sandboxes reach each other, those that share a network, by name, and only on ports that they declare.
// A member of a network is a socket in a directory that the network's sandboxes share: whoever connects to it sends a port
// (2 bytes), is told whether it was connected (1 byte), and then has the connection.
package network

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"dev.sandboxed/native/keeper/config"
	"dev.sandboxed/native/keeper/stream"
	"dev.sandboxed/native/keeper/tunnel"
)

const (
	// suffix makes a member's name one that is never anything else.
	suffix = ".sandbox"
	// MaxConnections is how many connections of others a member has at once.
	MaxConnections = 2048
	// greetingTime is how long a connection may take to say which port it is for.
	greetingTime = 5 * time.Second
)

// What a member answers.
const (
	connected  = 0
	refused    = 1
	notRunning = 2
)

// Networks are those that one sandbox has joined.
type Networks struct {
	agent    tunnel.Agent
	activity tunnel.Activity
	ports    []int
	joined   []membership
	context  context.Context
	cancel   context.CancelCauseFunc
	running  sync.WaitGroup

	mutex  sync.Mutex
	open   int
	most   int
	closed bool
}

type membership struct {
	directory *directory
	name      string
	listener  *net.UnixListener
}

var errClosed = stream.Errorf(stream.Cancelled, "the sandbox has ended")

// Join joins networks: the others reach the ports through the agent.
func Join(memberships []config.Membership, ports []int, agent tunnel.Agent, activity tunnel.Activity) (*Networks, error) {
	n := &Networks{agent: agent, activity: activity, ports: ports, most: MaxConnections}
	n.context, n.cancel = context.WithCancelCause(context.Background())
	for _, m := range memberships {
		if err := n.join(m); err != nil {
			n.Close()
			return nil, err
		}
	}
	return n, nil
}

func (n *Networks) join(m config.Membership) error {
	directory, err := openDirectory(m.Directory)
	if err != nil {
		return err
	}
	listener, err := directory.listen(m.Name)
	if err != nil {
		directory.close()
		return err
	}
	n.joined = append(n.joined, membership{directory, m.Name, listener})
	n.running.Go(func() { stream.AcceptAll(n.context, listener.AcceptUnix, n.admit) })
	return nil
}

// Lookup says which member a name means, in lower case and without a dot at its end. A name of one label is one of ours if
// there is such a member; one below "sandbox" always is, but for that of the host.
func (n *Networks) Lookup(name string) (member string, exists, ours bool) {
	member, ours = strings.CutSuffix(name, suffix)
	if member == config.HostName {
		return "", false, false
	}
	if !config.IsLabel(member) {
		return "", false, ours
	}
	exists = n.find(member) != nil
	return member, exists, ours || exists
}

func (n *Networks) find(member string) *directory {
	for _, m := range n.joined {
		if m.directory.has(member) {
			return m.directory
		}
	}
	return nil
}

// Dial connects to a declared port of a member.
func (n *Networks) Dial(ctx context.Context, member string, port uint16) (stream.Conn, error) {
	directory := n.find(member)
	if directory == nil {
		return nil, stream.Errorf(stream.ConnectionRefused, "there is no sandbox %q in the network", member)
	}
	connection, err := new(net.Dialer).DialContext(ctx, "unix", directory.addressOf(member).Name)
	if err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, stream.Errorf(stream.ConnectionRefused, "the sandbox %q does not run any more", member)
	}
	conn := connection.(*net.UnixConn)
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	answer, err := ask(conn, port)
	if !stop() {
		return nil, context.Cause(ctx)
	}
	if err == nil && answer == connected {
		return conn, nil
	}
	_ = conn.Close()
	if err == nil && answer == refused {
		return nil, stream.Errorf(stream.ConnectionRefused,
			"the sandbox %q does not have port %d open, or has not declared it", member, port)
	}
	return nil, stream.Errorf(stream.ConnectionRefused, "the sandbox %q does not run any more", member)
}

func ask(conn *net.UnixConn, port uint16) (answer byte, err error) {
	if err := checkPeer(conn); err != nil {
		return 0, err
	}
	if _, err := conn.Write(binary.BigEndian.AppendUint16(nil, port)); err != nil {
		return 0, err
	}
	var status [1]byte
	_, err = io.ReadFull(conn, status[:])
	return status[0], err
}

// checkPeer refuses other users, whatever the modes of the directory are by now.
func checkPeer(conn *net.UnixConn) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	var peer *unix.Ucred
	var failure error
	err = raw.Control(func(fd uintptr) { peer, failure = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED) })
	if err := errors.Join(err, failure); err != nil {
		return fmt.Errorf("ask who the peer is: %w", err)
	}
	if int(peer.Uid) != os.Geteuid() {
		return fmt.Errorf("the peer is user %d", peer.Uid)
	}
	return nil
}

func (n *Networks) admit(conn *net.UnixConn) {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	if n.closed || n.open >= n.most {
		_, _ = conn.Write([]byte{refused})
		_ = conn.Close()
		return
	}
	n.open++
	n.running.Go(func() {
		n.serve(conn)
		n.mutex.Lock()
		defer n.mutex.Unlock()
		n.open--
	})
}

// serve serves another member's connection.
func (n *Networks) serve(conn *net.UnixConn) {
	call, err := n.connect(conn)
	if err != nil {
		answer := byte(refused)
		if n.context.Err() != nil {
			answer = notRunning
		}
		_, _ = conn.Write([]byte{answer})
		_ = conn.Close()
		return
	}
	defer call.Cancel()
	n.activity.Began()
	defer n.activity.Ended()
	if _, err := conn.Write([]byte{connected}); err != nil {
		_ = conn.Close()
		return
	}
	_, _ = call.Carry(n.context, conn)
}

func (n *Networks) connect(conn *net.UnixConn) (*stream.Call, error) {
	if err := checkPeer(conn); err != nil {
		return nil, err
	}
	var port [2]byte
	_ = conn.SetReadDeadline(time.Now().Add(greetingTime))
	stop := context.AfterFunc(n.context, func() { _ = conn.SetReadDeadline(time.Now()) })
	_, err := io.ReadFull(conn, port[:])
	if !stop() {
		return nil, errClosed
	}
	if err != nil {
		return nil, err
	}
	_ = conn.SetReadDeadline(time.Time{})
	wanted := int(binary.BigEndian.Uint16(port[:]))
	if !slices.Contains(n.ports, wanted) {
		return nil, fmt.Errorf("port %d is not declared", wanted)
	}
	return tunnel.Dial(n.context, n.agent, wanted)
}

// Close leaves all networks and ends the connections of others. Afterwards the names are free.
func (n *Networks) Close() {
	n.mutex.Lock()
	n.closed = true
	n.mutex.Unlock()
	for _, m := range n.joined {
		m.directory.remove(m.name)
		_ = m.listener.Close()
	}
	n.cancel(errClosed)
	n.running.Wait()
	for _, m := range n.joined {
		m.directory.close()
	}
}
