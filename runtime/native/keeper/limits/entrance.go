package limits

import (
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Entrance is the way into the cgroups of a sandbox that its first process takes before it starts others. Moving a running
// process from outside stops every fork and exit of the whole system for some milliseconds, in the middle of the start.
//
// Whoever could not take it is moved by Confirm.
type Entrance struct {
	// Directory is a cgroup of version 2 to be forked into; nil if there is none.
	Directory *os.File
	// Tasks are files of version 1, through each of which a thread can move itself by Enter.
	Tasks []*os.File
}

// Entrance opens the way in, which the caller closes.
func (l *Limits) Entrance() Entrance {
	var e Entrance
	for _, g := range l.groups {
		if g.v2 {
			if directory, err := os.Open(g.path); err == nil {
				e.Directory = directory
			}
		} else if tasks, err := os.OpenFile(filepath.Join(g.path, "tasks"), os.O_WRONLY, 0); err == nil {
			e.Tasks = append(e.Tasks, tasks)
		}
	}
	return e
}

// Close closes what Entrance opened.
func (e Entrance) Close() {
	if e.Directory != nil {
		e.Directory.Close()
	}
	for _, file := range e.Tasks {
		file.Close()
	}
}

// Enter moves the calling thread through one of the Tasks, which it has inherited under this number, and closes it.
func Enter(tasks int) error {
	defer unix.Close(tasks)
	_, err := unix.Write(tasks, []byte("0"))
	return err
}
