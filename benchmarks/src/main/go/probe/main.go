// Command probe is the static program that the benchmarks run, bare and in sandboxes.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

const usage = "usage: probe wait | stay | pour BYTES | fill BYTES DIRECTORY | spawn TIMES PROGRAM | serve ADDRESS | send ADDRESS BYTES | " +
	"receive ADDRESS BYTES | ping ADDRESS TIMES | knock ADDRESS TIMES | hold ADDRESS COUNT"

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "probe:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 0 {
		return errors.New(usage)
	}
	switch args[0] {
	case "wait":
		return wait()
	case "stay":
		return stay()
	}
	if len(args) < 2 {
		return errors.New(usage)
	}
	if done, err := network(args); done {
		return err
	}
	switch args[0] {
	case "pour":
		n, err := strconv.ParseInt(args[1], 10, 64)
		if err != nil {
			return err
		}
		return pour(os.Stdout, n)
	case "fill":
		n, err := strconv.ParseInt(args[1], 10, 64)
		if err != nil || len(args) < 3 {
			return errors.New(usage)
		}
		if err := fill(args[2], n); err != nil {
			return err
		}
		return wait()
	case "spawn":
		n, err := strconv.Atoi(args[1])
		if err != nil {
			return err
		}
		return spawn(n, args[2:])
	}
	return errors.New(usage)
}

// wait says that it runs and stays until its stdin ends.
func wait() error {
	if _, err := os.Stdout.WriteString("x"); err != nil {
		return err
	}
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}

// stay says that it runs and stays until it is told to end: the stdin of a container has ended from the beginning.
func stay() error {
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGTERM)
	_, err := os.Stdout.WriteString("x")
	<-end
	return err
}

func pour(w io.Writer, n int64) error {
	block := make([]byte, 256<<10)
	for i := range block {
		block[i] = byte(i * 7)
	}
	for n > 0 {
		part := block[:min(n, int64(len(block)))]
		if _, err := w.Write(part); err != nil {
			return err
		}
		n -= int64(len(part))
	}
	return nil
}

// fill writes files of 4 MiB, the last one shorter, in a new directory.
func fill(directory string, n int64) error {
	if err := os.Mkdir(directory, 0o755); err != nil {
		return err
	}
	for i := 0; n > 0; i++ {
		file, err := os.Create(filepath.Join(directory, fmt.Sprintf("file%d", i)))
		if err != nil {
			return err
		}
		part := min(n, 4<<20)
		if err := errors.Join(pour(file, part), file.Close()); err != nil {
			return err
		}
		n -= part
	}
	return nil
}

// spawn runs a program again and again, one after the other, and prints the microseconds of each from
// before the fork to the first byte.
func spawn(times int, argv []string) error {
	if len(argv) == 0 {
		return errors.New(usage)
	}
	for range times {
		started := time.Now()
		command := exec.Command(argv[0], argv[1:]...)
		out, err := command.StdoutPipe()
		if err != nil {
			return err
		}
		if err := command.Start(); err != nil {
			return err
		}
		if _, err := io.ReadFull(out, make([]byte, 1)); err != nil {
			return err
		}
		took := time.Since(started)
		if err := command.Wait(); err != nil {
			return err
		}
		fmt.Println(took.Microseconds())
	}
	return nil
}
