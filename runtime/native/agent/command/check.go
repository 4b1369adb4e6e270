package command

import (
	"context"
	"os"
	"sync"

	"dev.sandboxed/native/agent/proc"
	"dev.sandboxed/native/nonblock"
)

const (
	// tailSize is how much of the end of what a program printed is kept of one that nobody reads.
	tailSize = 512
	// leftOver is how much of what is in a pipe at the program's end is looked at: all, unless something goes on to write.
	leftOver = 2 * pipeSize
)

// Check runs a program that no client waits for, to its end or until ctx ends, which kills its group. It returns the end of what
// it printed, too.
func Check(ctx context.Context, r Request, table *proc.Table) (Outcome, []byte, error) {
	prepared, err := prepare(r)
	if err != nil {
		return Outcome{}, nil, err
	}
	ends, err := prepared.open(r)
	if err != nil {
		return Outcome{}, nil, err
	}
	defer ends.close()
	process, err := prepared.start(table, ends)
	if err != nil {
		return Outcome{}, nil, err
	}
	printed := &tail{}
	var readers sync.WaitGroup
	for _, file := range ends.outputs {
		readers.Go(func() { printed.follow(file) })
	}
	e := &execution{process: process}
	select {
	case <-process.Done():
	case <-ctx.Done():
		e.timedOut = true
		process.KillGroup()
		<-process.Done()
	}
	ends.interrupt()
	readers.Wait()
	for _, file := range ends.outputs {
		printed.rest(file)
	}
	return e.outcome(), printed.bytes, nil
}

// tail is the end of what was printed.
type tail struct {
	mutex sync.Mutex
	bytes []byte
}

func (t *tail) add(data []byte) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.bytes = append(t.bytes, data...)
	t.bytes = t.bytes[max(0, len(t.bytes)-tailSize):]
}

// follow reads until the end, or until the file is interrupted.
func (t *tail) follow(file *os.File) {
	buffer := make([]byte, 4<<10)
	for {
		n, err := file.Read(buffer)
		t.add(buffer[:n])
		if err != nil {
			return
		}
	}
}

// rest reads what is there already. Children of the program may still hold the other end.
func (t *tail) rest(file *os.File) {
	raw, err := file.SyscallConn()
	if err != nil {
		return
	}
	buffer := make([]byte, 4<<10)
	_ = raw.Control(func(fd uintptr) {
		for total := 0; total < leftOver; {
			n, err := nonblock.Read(fd, buffer)
			if n == 0 || err != nil {
				return
			}
			t.add(buffer[:n])
			total += n
		}
	})
}
