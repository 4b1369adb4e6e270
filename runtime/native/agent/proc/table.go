// Package proc starts processes and collects them, as process 1 must: its own and every orphan.
package proc

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

// Table knows the running processes. A process number is used for signals only while it is certain to be that process.
type Table struct {
	opened  sync.Once
	mutex   sync.Mutex
	running map[int]*Process
	group   *int
}

// Process is a child that was started through the table.
type Process struct {
	PID    int
	table  *Table
	done   chan struct{}
	status syscall.WaitStatus
}

// NewTable is an empty table. There must be one in a process.
func NewTable() *Table { return &Table{running: map[int]*Process{}} }

// Open makes this process fit to be process 1 of the programs that are started: it collects them, and outlives the signals
// that they may send it. Start does so too; it takes some milliseconds in a fresh sandbox, which may be had earlier.
func (t *Table) Open() {
	t.opened.Do(func() {
		ignoreSignals()
		ended := make(chan os.Signal, 1)
		signal.Notify(ended, syscall.SIGCHLD)
		go func() {
			for range ended {
				t.collect()
			}
		}()
	})
}

// ignoreSignals takes the signals that would end an ordinary program. Programs that are started get the default again,
// which they would not if the signals were ignored outright.
func ignoreSignals() {
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT,
		syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGALRM, syscall.SIGTSTP, syscall.SIGTTIN, syscall.SIGTTOU)
}

// StartIn makes all processes start in a cgroup, given by its directory.
func (t *Table) StartIn(group int) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.group = &group
}

// collect holds the lock that Start holds too, so no child is collected between its fork and its entry in the table.
func (t *Table) collect() {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, syscall.WNOHANG, nil)
		if err == syscall.EINTR {
			continue
		}
		if err != nil || pid == 0 {
			return
		}
		if p := t.running[pid]; p != nil {
			delete(t.running, pid)
			p.status = status
			close(p.done)
		}
	}
}

const (
	// patience is for processes that have been killed and count until they are collected: whoever has killed them finds room.
	patience = 500 * time.Millisecond
	pause    = 5 * time.Millisecond
)

// Start forks a process and executes path in it.
func (t *Table) Start(path string, argv []string, attributes *syscall.ProcAttr) (*Process, error) {
	t.Open()
	p, err := t.start(path, argv, attributes)
	for began := time.Now(); errors.Is(err, syscall.EAGAIN) && time.Since(began) < patience; {
		time.Sleep(pause)
		t.collect()
		p, err = t.start(path, argv, attributes)
	}
	return p, err
}

func (t *Table) start(path string, argv []string, attributes *syscall.ProcAttr) (*Process, error) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.group != nil {
		attributes = in(*t.group, attributes)
	}
	pid, err := syscall.ForkExec(path, argv, attributes)
	if err != nil {
		return nil, err
	}
	p := &Process{PID: pid, table: t, done: make(chan struct{})}
	t.running[p.PID] = p
	return p, nil
}

func in(group int, attributes *syscall.ProcAttr) *syscall.ProcAttr {
	changed := *attributes
	system := syscall.SysProcAttr{}
	if attributes.Sys != nil {
		system = *attributes.Sys
	}
	system.UseCgroupFD, system.CgroupFD = true, group
	changed.Sys = &system
	return &changed
}

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Status is how the process ended, once Done is closed.
func (p *Process) Status() syscall.WaitStatus { return p.status }

// Signal sends a signal to the process. It does nothing when the process has ended.
func (p *Process) Signal(s syscall.Signal) error {
	p.table.mutex.Lock()
	defer p.table.mutex.Unlock()
	if p.table.running[p.PID] != p {
		return nil
	}
	if err := syscall.Kill(p.PID, s); err != nil && err != syscall.ESRCH {
		return fmt.Errorf("send signal %d to process %d: %w", s, p.PID, err)
	}
	return nil
}

// killAttempts bounds for how long a group is killed again; what is left then cannot be collected by this process.
const killAttempts = 200

// KillGroup kills every process of the group, and goes on in a goroutine until none is left: gVisor's kernel, unlike Linux's,
// lets a fork end that was under way when its parent was killed, and so a program that does nothing but fork lived on.
func (p *Process) KillGroup() {
	if p.killGroup() {
		return
	}
	go func() {
		for range killAttempts {
			time.Sleep(pause)
			if p.killGroup() {
				return
			}
		}
	}()
}

// killGroup says whether there was nothing to kill.
func (p *Process) killGroup() (gone bool) {
	return errors.Is(p.toGroup(syscall.SIGKILL), syscall.ESRCH)
}

// SignalGroup sends a signal to every process of its group, which may be there when the process itself has ended.
func (p *Process) SignalGroup(s syscall.Signal) error {
	if err := p.toGroup(s); err != nil && err != syscall.ESRCH {
		return fmt.Errorf("send signal %d to process group %d: %w", s, p.PID, err)
	}
	return nil
}

func (p *Process) toGroup(s syscall.Signal) error {
	p.table.mutex.Lock()
	defer p.table.mutex.Unlock()
	if other := p.table.running[p.PID]; other != nil && other != p {
		return syscall.ESRCH // the number is that of another process by now
	}
	return syscall.Kill(-p.PID, s)
}
