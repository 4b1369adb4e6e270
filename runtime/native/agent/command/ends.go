package command

import (
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"dev.sandboxed/native/agent/pty"
	"dev.sandboxed/native/agent/stream"
	"dev.sandboxed/native/agent/users"
	"dev.sandboxed/native/frame"
)

// none marks a descriptor that is not open.
const none = ^uintptr(0)

// pipeSize lets a program write on while the agent is busy. A refusal leaves the smaller default.
const pipeSize = 1 << 20

// endOfFile is what a terminal takes for the end of input at the start of a line.
const endOfFile = 4

// ends are the agent's and the program's ends of the program's input and outputs.
type ends struct {
	input   *os.File
	outputs map[uint8]*os.File
	child   [3]uintptr

	inputMutex  sync.Mutex
	inputClosed bool
	terminal    bool
}

func (e *ends) openPipes(stdin bool) error {
	var err error
	if stdin {
		e.child[0], e.input, err = pipe(false)
	} else {
		e.child[0], err = empty()
	}
	for _, channel := range []uint8{frame.Output, frame.ErrorOutput} {
		if err == nil {
			e.child[channel], e.outputs[channel], err = pipe(true)
		}
	}
	return err
}

// pipe returns the program's end, which blocks, and the agent's, which does not.
func pipe(agentReads bool) (child uintptr, agent *os.File, err error) {
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC); err != nil {
		return none, nil, fmt.Errorf("make a pipe: %w", err)
	}
	mine, its := fds[1], fds[0]
	if agentReads {
		mine, its = fds[0], fds[1]
		_, _ = unix.FcntlInt(uintptr(mine), unix.F_SETPIPE_SZ, pipeSize)
	}
	if err := unix.SetNonblock(mine, true); err != nil {
		return none, nil, fmt.Errorf("make a pipe: %w", err)
	}
	return uintptr(its), os.NewFile(uintptr(mine), "pipe"), nil
}

// empty is /dev/null, or a pipe nobody writes to in an image without devices.
func empty() (uintptr, error) {
	fd, err := unix.Open("/dev/null", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err == nil {
		return uintptr(fd), nil
	}
	child, agent, err := pipe(false)
	if err == nil {
		agent.Close()
	}
	return child, err
}

func (e *ends) openTerminal(id users.Identity, size stream.Window) error {
	master, slave, err := pty.Open(id.UID, id.GID, size.Rows, size.Cols)
	if err != nil {
		return err
	}
	defer slave.Close()
	e.terminal = true
	e.input = master
	e.outputs[frame.Output] = master
	for i := range e.child {
		fd, err := unix.FcntlInt(slave.Fd(), unix.F_DUPFD_CLOEXEC, 0)
		if err != nil {
			return fmt.Errorf("copy the terminal: %w", err)
		}
		e.child[i] = uintptr(fd)
	}
	return nil
}

func (e *ends) closeChild() {
	for i, fd := range e.child {
		if fd != none {
			_ = syscall.Close(int(fd))
			e.child[i] = none
		}
	}
}

// closeInput ends the program's input; a terminal stays open for its output.
func (e *ends) closeInput() {
	e.inputMutex.Lock()
	defer e.inputMutex.Unlock()
	if !e.inputClosed && e.input != nil && !e.terminal {
		e.input.Close()
	}
	e.inputClosed = true
}

// endOfTerminal sends end-of-file: twice in the middle of a line, where the first only hands over what was typed.
func (e *ends) endOfTerminal(lineStart bool) {
	keys := []byte{endOfFile, endOfFile}
	if lineStart {
		keys = keys[:1]
	}
	_, _ = e.input.Write(keys)
}

// interrupt wakes whoever waits for output. The files stay readable.
func (e *ends) interrupt() {
	for _, file := range e.outputs {
		_ = file.SetReadDeadline(time.Unix(1, 0))
	}
}

// abandon leaves the outputs to whoever still writes to them: what is written is thrown away, and nobody gets a SIGPIPE.
func (e *ends) abandon() {
	for channel, file := range e.outputs {
		delete(e.outputs, channel)
		go func() {
			_ = file.SetReadDeadline(time.Time{})
			_, _ = io.Copy(io.Discard, file)
			file.Close()
		}()
	}
}

func (e *ends) close() {
	e.closeChild()
	e.closeInput()
	for _, file := range e.outputs {
		file.Close()
	}
}
