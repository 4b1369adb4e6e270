// Command measure compares the start of a sandbox with that of the bare runtime, in turn and in one run, and measures
// what goes on inside: measure RUNSC KEEPER AGENT PROBE ROUNDS. It needs mkfs.erofs.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	"dev.sandboxed/native/itest/client"
)

func main() {
	if len(os.Args) != 6 {
		fmt.Fprintln(os.Stderr, "usage: measure RUNSC KEEPER AGENT PROBE ROUNDS")
		os.Exit(2)
	}
	if err := measure(os.Args[1], os.Args[2], os.Args[3], os.Args[4], os.Args[5]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

type bench struct {
	directory, runsc, keeper, image string
}

func measure(runsc, keeper, agent, probe, rounds string) error {
	n, err := strconv.Atoi(rounds)
	if err != nil {
		return err
	}
	directory, err := os.MkdirTemp("", "sbm")
	if err != nil {
		return err
	}
	defer os.RemoveAll(directory)
	b := bench{directory, runsc, keeper, filepath.Join(directory, "image.erofs")}
	if err := b.pack(agent, probe); err != nil {
		return err
	}
	var bare, ours, end []time.Duration
	for i := range n {
		d, err := b.bare(i)
		if err != nil {
			return fmt.Errorf("bare: %w", err)
		}
		bare = append(bare, d)
		start, stop, err := b.ours(i)
		if err != nil {
			return fmt.Errorf("ours: %w", err)
		}
		ours, end = append(ours, start), append(end, stop)
	}
	report("bare runsc run to first byte", bare)
	report("keeper to running", ours)
	report("terminate to exited", end)
	return b.inside()
}

func report(what string, all []time.Duration) {
	slices.Sort(all)
	fmt.Printf("%-34s median %8.2f ms   min %8.2f ms   max %8.2f ms\n", what, ms(all[len(all)/2]), ms(all[0]), ms(all[len(all)-1]))
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func (b bench) pack(agent, probe string) error {
	tree := filepath.Join(b.directory, "tree")
	for _, d := range []string{tree, filepath.Join(tree, "proc"), filepath.Join(tree, "dev"), filepath.Join(tree, "tmp")} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return err
		}
	}
	for name, from := range map[string]string{"agent": agent, "probe": probe} {
		content, err := os.ReadFile(from)
		if err == nil {
			err = os.WriteFile(filepath.Join(tree, name), content, 0o755)
		}
		if err != nil {
			return err
		}
	}
	out, err := exec.Command("mkfs.erofs", "-E", "noinline_data", "-T0", b.image, tree).CombinedOutput()
	if err != nil {
		return fmt.Errorf("mkfs.erofs: %w: %s", err, out)
	}
	return os.Mkdir(filepath.Join(b.directory, "empty"), 0o755)
}

func (b bench) spec(argv ...string) map[string]any {
	all := []string{"CAP_CHOWN", "CAP_SETGID", "CAP_SETUID", "CAP_KILL", "CAP_DAC_OVERRIDE"}
	return map[string]any{
		"ociVersion": "1.0.0",
		"process": map[string]any{
			"args": argv, "cwd": "/", "env": []string{}, "user": map[string]int{"uid": 0, "gid": 0},
			"capabilities": map[string]any{"bounding": all, "effective": all, "permitted": all},
		},
		"root":   map[string]any{"path": filepath.Join(b.directory, "empty")},
		"mounts": []map[string]any{{"destination": "/proc", "type": "proc"}},
		"annotations": map[string]string{
			"dev.gvisor.spec.rootfs.source": b.image, "dev.gvisor.spec.rootfs.type": "erofs",
			"dev.gvisor.spec.rootfs.overlay": "memory",
		},
	}
}

func (b bench) flags() []string { return []string{"--network=none", "--ignore-cgroups"} }

// bare measures runsc itself in the same namespaces, to the first byte of a static program.
func (b bench) bare(i int) (time.Duration, error) {
	id := fmt.Sprintf("bare-%d-%d", os.Getpid(), i)
	bundle := filepath.Join(b.directory, id)
	defer os.RemoveAll(bundle)
	if err := os.MkdirAll(filepath.Join(bundle, "root"), 0o700); err != nil {
		return 0, err
	}
	content, err := json.Marshal(b.spec("/probe", "echo", "x"))
	if err != nil {
		return 0, err
	}
	if err := os.WriteFile(filepath.Join(bundle, "config.json"), content, 0o600); err != nil {
		return 0, err
	}
	c := exec.Command(b.runsc, append(b.flags(), "--root="+bundle+"/root", "run", "--bundle="+bundle, id)...)
	c.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS | syscall.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
	}
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err != nil {
		return 0, err
	}
	began := time.Now()
	if err := c.Start(); err != nil {
		return 0, err
	}
	_, err = bufio.NewReader(out).ReadByte()
	took := time.Since(began)
	if err != nil {
		return 0, err
	}
	return took, c.Wait()
}

func (b bench) launch(i int) (*client.Keeper, *client.Client, error) {
	id := fmt.Sprintf("ours-%d-%d", os.Getpid(), i)
	k, err := client.Start(b.keeper, map[string]any{
		"id": id, "directory": filepath.Join(b.directory, id), "runsc": append([]string{b.runsc}, b.flags()...),
		"spec": b.spec("/agent"), "timeoutMillis": 600_000,
	}, nil)
	if err != nil {
		return nil, nil, err
	}
	c, err := client.Connect(k.Socket)
	return k, c, err
}

func (b bench) ours(i int) (start, end time.Duration, err error) {
	began := time.Now()
	k, c, err := b.launch(i)
	if err != nil {
		return 0, 0, err
	}
	select {
	case <-c.Running:
	case e := <-c.Exited:
		return 0, 0, fmt.Errorf("%+v", e)
	}
	start = time.Since(began)
	began = time.Now()
	if err := c.Terminate(); err != nil {
		return 0, 0, err
	}
	<-c.Exited
	end = time.Since(began)
	return start, end, k.WaitForEnd()
}

func (b bench) inside() error {
	k, c, err := b.launch(-1)
	if err != nil {
		return err
	}
	defer func() {
		_ = c.Terminate()
		_ = k.WaitForEnd()
	}()
	run := func(argv ...string) (time.Duration, *client.Stream, error) {
		began := time.Now()
		s, err := c.Open(map[string]any{"op": "exec", "argv": argv}, true)
		if err != nil {
			return 0, nil, err
		}
		s.Discard, s.Manual = argv[1] == "flood", false
		s.Grant(1, 4<<20)
		s.Grant(2, 1<<20)
		r, err := s.Result()
		if err == nil && r.Error != nil {
			err = fmt.Errorf("%+v", *r.Error)
		}
		return time.Since(began), s, err
	}
	var execs []time.Duration
	for range 100 {
		d, _, err := run("/probe", "true")
		if err != nil {
			return err
		}
		execs = append(execs, d)
	}
	report("exec of a static program", execs)
	_, own, err := run("/probe", "spawn", "100")
	if err != nil {
		return err
	}
	fmt.Printf("a program inside doing the same itself: median and min in µs: %s", own.Output(1))
	const megabytes = 2048
	d, s, err := run("/probe", "flood", strconv.Itoa(megabytes))
	if err != nil {
		return err
	}
	fmt.Printf("stdout: %d MB in %.2f s: %.0f MB/s\n", s.Counts[1]>>20, d.Seconds(), float64(s.Counts[1]>>20)/d.Seconds())
	return nil
}
