package peer

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"

	"dev.sandboxed/native/frame"
)

// Program is a sandbox to be started, with this process as its keeper.
type Program struct {
	Keeper  string   // the keeper's program, of which only the first step is used
	User    int      // who runs the runtime
	Runsc   []string // the runtime and its flags
	Bundle  string   // a directory with the specification, and an empty one for the runtime's state in it: state
	Network *frame.Network
	Answer  func(*Stream)
}

// Sandbox is a running sandbox.
type Sandbox struct {
	*Peer
	command    *exec.Cmd
	complaints *bytes.Buffer
}

// pipeSize is that of the keeper's pipes.
const pipeSize = 1 << 20

// Launch starts a sandbox and waits for its agent.
func Launch(p Program) (*Sandbox, error) {
	// The keeper's own first step makes the namespaces fit for the runtime.
	arguments := append([]string{"stage", `{"Proc":true,"Limits":{"Processes":100000}}`}, p.Runsc...)
	arguments = append(arguments, "--root="+filepath.Join(p.Bundle, "state"), "run", "--bundle="+p.Bundle, filepath.Base(p.Bundle))
	s := &Sandbox{command: exec.Command(p.Keeper, arguments...), complaints: &bytes.Buffer{}}
	s.command.Stderr = s.complaints
	s.command.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS | syscall.CLONE_NEWNET | syscall.CLONE_NEWPID | syscall.CLONE_NEWIPC |
			syscall.CLONE_NEWUTS,
		UidMappings: []syscall.SysProcIDMap{{HostID: p.User, Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{HostID: p.User, Size: 1}},
		Credential:  &syscall.Credential{NoSetGroups: true},
	}
	agentIn, toAgent, err := pipe()
	if err != nil {
		return nil, err
	}
	fromAgent, agentOut, err := pipe()
	if err != nil {
		return nil, err
	}
	s.command.Stdin, s.command.Stdout = agentIn, agentOut
	err = s.command.Start()
	agentIn.Close()
	agentOut.Close()
	if err != nil {
		return nil, err
	}
	if s.Peer, err = Connect(toAgent, fromAgent, p.Network, p.Answer); err != nil {
		return nil, fmt.Errorf("%w: %s", err, s.end())
	}
	return s, nil
}

// end kills what runs and returns what the runtime said.
func (s *Sandbox) end() string {
	_ = s.command.Process.Kill()
	_ = s.command.Wait()
	return s.complaints.String()
}

// Close ends the sandbox. An error says what went wrong before.
func (s *Sandbox) Close() error {
	err := s.Peer.Close()
	if said := s.end(); err != nil {
		return errors.Join(err, errors.New(said))
	}
	return nil
}

func pipe() (in, out *os.File, err error) {
	in, out, err = os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	raw, err := out.SyscallConn()
	if err != nil {
		return nil, nil, err
	}
	// A refusal leaves the smaller default.
	err = raw.Control(func(fd uintptr) { _, _ = unix.FcntlInt(fd, unix.F_SETPIPE_SZ, pipeSize) })
	return in, out, err
}
