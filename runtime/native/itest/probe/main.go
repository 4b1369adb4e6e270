// Command probe is the program that tests run inside sandboxes: it is all there is in their images.
package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"dev.sandboxed/native/frame"
)

func main() {
	if len(os.Args) < 2 {
		return
	}
	action, known := actions[os.Args[1]]
	if !known {
		fmt.Fprintln(os.Stderr, "unknown action", os.Args[1])
		os.Exit(2)
	}
	if err := action(os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

var actions = map[string]func(arguments []string) error{
	"true": func([]string) error { return nil },
	"echo": func(a []string) error { _, err := fmt.Println(strings.Join(a, " ")); return err },
	"err":  func(a []string) error { _, err := fmt.Fprintln(os.Stderr, strings.Join(a, " ")); return err },
	"exit": func(a []string) error { os.Exit(number(a[0])); return nil },
	"cat":  func([]string) error { _, err := io.Copy(os.Stdout, os.Stdin); return err },
	"env": func([]string) error {
		_, err := fmt.Println(strings.Join(os.Environ(), "\n"))
		return err
	},
	"id": func([]string) error {
		groups, err := os.Getgroups()
		directory, _ := os.Getwd()
		fmt.Println(os.Getuid(), os.Getgid(), groups, directory)
		return err
	},
	"flood":   flood,
	"ignore":  ignore,
	"sleep":   func(a []string) error { time.Sleep(time.Duration(number(a[0])) * time.Millisecond); return nil },
	"kill":    func(a []string) error { return syscall.Kill(number(a[0]), syscall.Signal(number(a[1]))) },
	"garbage": garbage,
	"fork":    forkBomb,
	"bomb":    bomb,
	"memory":  memory,
	"fill":    fill,
	"orphan":  orphan,
	"tty":     tty,
	"daemon":  daemon,
	"leave":   leave,

	"children": children,
	"spawn":    spawn,
	"serve":    serve,
	"frames":   frames,
	"asks":     asks,
	"trace":    trace,
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		panic(err)
	}
	return n
}

// flood writes so many megabytes.
func flood(a []string) error {
	chunk := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	for range number(a[0]) {
		if _, err := os.Stdout.Write(chunk); err != nil {
			return err
		}
	}
	return nil
}

// ignore says that it is ready and ignores everything it can.
func ignore([]string) error {
	signal.Ignore(syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	fmt.Println("ready")
	for {
		time.Sleep(time.Hour)
	}
}

// garbage writes nonsense to every descriptor of process 1 that can be opened.
func garbage([]string) error {
	entries, err := os.ReadDir("/proc/1/fd")
	if err != nil {
		return err
	}
	opened := 0
	for _, e := range entries {
		file, err := os.OpenFile("/proc/1/fd/"+e.Name(), os.O_WRONLY|syscall.O_NONBLOCK, 0)
		if err != nil {
			continue
		}
		opened++
		_, _ = file.Write(bytes.Repeat([]byte{0xff}, 4096))
		file.Close()
	}
	fmt.Println("wrote to", opened, "of", len(entries))
	return nil
}

func self(arguments ...string) (*os.Process, error) {
	return os.StartProcess("/probe", append([]string{"/probe"}, arguments...), &os.ProcAttr{Files: []*os.File{os.Stdin, os.Stdout, os.Stderr}})
}

// forkBomb starts copies of itself until it cannot, and each copy does so too.
func forkBomb([]string) error {
	for {
		if _, err := self("fork"); err != nil {
			time.Sleep(10 * time.Millisecond)
		}
	}
}

// bomb forks without ever doing anything else, and so do all that it has forked.
func bomb([]string) error {
	for {
		_, _, _ = syscall.RawSyscall6(syscall.SYS_CLONE, uintptr(syscall.SIGCHLD), 0, 0, 0, 0, 0)
	}
}

// memory takes so many megabytes and touches them.
func memory(a []string) error {
	var held [][]byte
	for range number(a[0]) {
		block := make([]byte, 1<<20)
		for i := 0; i < len(block); i += 512 {
			block[i] = byte(i)
		}
		held = append(held, block)
	}
	fmt.Println("held", len(held))
	return nil
}

// fill writes so many megabytes to a file.
func fill(a []string) error {
	file, err := os.Create(a[0])
	if err != nil {
		return err
	}
	block := bytes.Repeat([]byte{1}, 1<<20)
	for range number(a[1]) {
		if _, err := file.Write(block); err != nil {
			return err
		}
	}
	fmt.Println("filled")
	return file.Close()
}

// orphan leaves a child behind that ends soon.
func orphan([]string) error {
	p, err := self("sleep", "50")
	if err == nil {
		fmt.Println(p.Pid)
	}
	return err
}

// daemon leaves a child behind that holds the output open.
func daemon([]string) error {
	_, err := os.StartProcess("/probe", []string{"/probe", "sleep", "600000"},
		&os.ProcAttr{Files: []*os.File{os.Stdin, os.Stdout, os.Stderr}, Sys: &syscall.SysProcAttr{Setsid: true}})
	return err
}

// leave starts the probe again as it is told, and goes.
func leave(a []string) error {
	_, err := self(a...)
	return err
}

// children starts so many children at once, says how many it could start, and ends them.
func children(a []string) error {
	var all []*os.Process
	var failed error
	for range number(a[0]) {
		p, err := self("sleep", "600000")
		if err != nil {
			failed = err
			break
		}
		all = append(all, p)
	}
	fmt.Println("started", len(all))
	for _, p := range all {
		_ = p.Kill()
	}
	for _, p := range all {
		_, _ = p.Wait()
	}
	if failed != nil {
		fmt.Fprintln(os.Stderr, failed)
	}
	return nil
}

// spawn starts so many programs one after the other and prints the median time of each in microseconds.
func spawn(a []string) error {
	var all []int64
	for range number(a[0]) {
		began := time.Now()
		p, err := self("true")
		if err != nil {
			return err
		}
		if _, err := p.Wait(); err != nil {
			return err
		}
		all = append(all, time.Since(began).Microseconds())
	}
	slices.Sort(all)
	fmt.Println(all[len(all)/2], all[0])
	return nil
}

// frames sends frames that are right by themselves in the name of the agent, without end.
func frames([]string) error {
	file, err := os.OpenFile("/proc/1/fd/1", os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	var many []byte
	for stream := range uint32(1000) {
		many = frame.Append(many, frame.Frame{Stream: stream + 1, Type: frame.Event, Payload: []byte(`{"exited":{"code":0,"reason":"EXITED"}}`)})
	}
	for {
		if _, err := file.Write(many); err != nil {
			return err
		}
	}
}

// asks sends so many bursts of requests in the name of the agent. A burst is written in one piece, so that the agent's own
// frames stay whole.
func asks(a []string) error {
	file, err := os.OpenFile("/proc/1/fd/1", os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	var burst []byte
	for i := range uint32(40) {
		burst = frame.Append(burst, frame.Frame{Stream: frame.FirstOfAgent + i, Type: frame.Open,
			Payload: []byte(`{"op":"connect","protocol":"tcp","address":"127.0.0.1","port":22}`)})
	}
	for range number(a[0]) {
		if _, err := file.Write(burst); err != nil {
			return err
		}
	}
	return nil
}

// trace stops process 1 for ever.
func trace([]string) error {
	runtime.LockOSThread()
	if err := syscall.PtraceAttach(1); err != nil {
		return err
	}
	fmt.Println("attached")
	time.Sleep(time.Hour)
	return nil
}
