package limits

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// watchGroup waits for the kernel to say that a cgroup ran out of memory.
func watchGroup(g *group, stop <-chan struct{}, report func()) {
	changed, closeEvents, err := g.events()
	if err != nil {
		return // it is still seen when the sandbox has ended
	}
	go func() {
		<-stop
		closeEvents()
	}()
	for !g.outOfMemory() {
		if !changed() {
			return
		}
		if !g.v2 {
			g.awaitKill(stop)
		}
	}
	report()
}

// killPatience is how long the kernel may take to end a process after it has noticed the lack of memory.
const killPatience = time.Second

// awaitKill waits until the kernel has ended a process: version 1 gives notice once, and before that.
func (g *group) awaitKill(stop <-chan struct{}) {
	for deadline := time.Now().Add(killPatience); !g.outOfMemory() && time.Now().Before(deadline); {
		select {
		case <-stop:
			return
		case <-time.After(shortest):
		}
	}
}

// events returns a function that waits for a change, and says false when there will be none.
func (g *group) events() (wait func() bool, stop func(), err error) {
	var file *os.File
	if g.v2 {
		file, err = g.notifyV2()
	} else {
		file, err = g.notifyV1()
	}
	if err != nil {
		return nil, nil, err
	}
	buffer := make([]byte, 4096)
	wait = func() bool {
		_, err := file.Read(buffer)
		return err == nil
	}
	return wait, func() { _ = file.Close() }, nil
}

func (g *group) notifyV2() (*os.File, error) {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return nil, err
	}
	file := os.NewFile(uintptr(fd), "inotify")
	if _, err := unix.InotifyAddWatch(fd, filepath.Join(g.path, "memory.events"), unix.IN_MODIFY); err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

func (g *group) notifyV1() (*os.File, error) {
	fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return nil, err
	}
	file := os.NewFile(uintptr(fd), "eventfd")
	control, err := os.Open(filepath.Join(g.path, "memory.oom_control"))
	if err != nil {
		file.Close()
		return nil, err
	}
	defer control.Close()
	if err := g.write("cgroup.event_control", fmt.Sprintf("%d %d", fd, control.Fd())); err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

const (
	// fastest is how much memory a sandbox is expected to take in a second at most, to look again in time.
	fastest  = 4 << 30
	shortest = 4 * time.Millisecond
	longest  = 250 * time.Millisecond
)

// watchProcesses looks at the memory of a sandbox again and again, the more often the nearer it is to its limit.
func watchProcesses(pid int, limit int64, stop <-chan struct{}, report func()) {
	m := newMeter(pid)
	defer m.close()
	for {
		left := limit - m.used()
		if left < 0 {
			report()
			return
		}
		pause := min(max(time.Duration(float64(left)/fastest*float64(time.Second)), shortest), longest)
		select {
		case <-stop:
			return
		case <-time.After(pause):
		}
	}
}

// meter measures what a sandbox uses. The memory of its programs and files lies in one file in memory that the runtime
// holds; what the runtime uses for itself comes on top.
type meter struct {
	pid       int
	memory    []*os.File
	processes []string
	looked    time.Time
}

// lookAgain is how often the processes are listed anew.
const lookAgain = 2 * time.Second

func newMeter(pid int) *meter { return &meter{pid: pid} }

func (m *meter) used() int64 {
	if len(m.memory) == 0 || time.Since(m.looked) > lookAgain {
		m.look()
	}
	var total int64
	for _, file := range m.memory {
		total += blocks(file)
	}
	var own int64
	for _, status := range m.processes {
		own += anonymous(status)
	}
	return total + max(own-runtimeMemory, 0)
}

func blocks(file *os.File) int64 {
	raw, err := file.SyscallConn()
	if err != nil {
		return 0
	}
	var st unix.Stat_t
	_ = raw.Control(func(fd uintptr) { _ = unix.Fstat(int(fd), &st) })
	return st.Blocks * 512
}

// memoryFile is what the runtime calls the file.
const memoryFile = "/memfd:runsc-memory"

// look finds the runtime's processes: those that execute its program. The others are the sandbox's own, whose memory is
// all in the file.
func (m *meter) look() {
	m.close()
	m.looked = time.Now()
	for _, pid := range Tree(m.pid) {
		directory := "/proc/" + strconv.Itoa(pid)
		command, err := os.ReadFile(directory + "/cmdline")
		if err != nil || !strings.Contains(string(command), "runsc") {
			continue
		}
		m.processes = append(m.processes, directory+"/status")
		if len(m.memory) == 0 {
			m.openMemory(directory + "/fd")
		}
	}
}

func (m *meter) openMemory(descriptors string) {
	entries, err := os.ReadDir(descriptors)
	if err != nil {
		return
	}
	for _, e := range entries {
		path := filepath.Join(descriptors, e.Name())
		if target, err := os.Readlink(path); err == nil && strings.HasPrefix(target, memoryFile) {
			if file, err := os.Open(path); err == nil {
				m.memory = append(m.memory, file)
			}
		}
	}
}

func (m *meter) close() {
	for _, file := range m.memory {
		file.Close()
	}
	m.memory, m.processes = nil, nil
}

// anonymous is the memory of a process that is no file's.
func anonymous(status string) int64 {
	content, err := os.ReadFile(status)
	if err != nil {
		return 0
	}
	_, after, found := strings.Cut(string(content), "RssAnon:")
	fields := strings.Fields(after)
	if !found || len(fields) == 0 {
		return 0
	}
	kilobytes, err := strconv.ParseInt(fields[0], 10, 64)
	if err != nil {
		return 0
	}
	return kilobytes << 10
}
