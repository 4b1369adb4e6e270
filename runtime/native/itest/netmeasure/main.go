// Command netmeasure measures the network of a sandbox against the host's loopback, and what making it costs at the start, in turn
// and in one run: netmeasure RUNSC KEEPER AGENT NETPROBE ROUNDS. It needs mkfs.erofs. This process stands for the keeper.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"dev.sandboxed/native/frame"
	"dev.sandboxed/native/itest/peer"
)

func main() {
	if len(os.Args) != 6 {
		fmt.Fprintln(os.Stderr, "usage: netmeasure RUNSC KEEPER AGENT NETPROBE ROUNDS")
		os.Exit(2)
	}
	if err := measure(os.Args[1], os.Args[2], os.Args[3], os.Args[4], os.Args[5]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

type bench struct {
	directory, runsc, keeper, image string
	address                         string // of a server on the host's loopback
}

func measure(runsc, keeper, agent, probe, rounds string) error {
	n, err := strconv.Atoi(rounds)
	if err != nil {
		return err
	}
	directory, err := os.MkdirTemp("", "sbn")
	if err != nil {
		return err
	}
	defer os.RemoveAll(directory)
	b := &bench{directory: directory, runsc: runsc, keeper: keeper, image: filepath.Join(directory, "image.erofs")}
	if err := b.pack(agent, probe); err != nil {
		return err
	}
	if b.address, err = serve(); err != nil {
		return err
	}
	var without, with []time.Duration
	for range n {
		for all, network := range map[*[]time.Duration]*frame.Network{&without: nil, &with: {Hostname: "box", Names: true}} {
			took, err := b.start(network)
			if err != nil {
				return err
			}
			*all = append(*all, took)
		}
	}
	report("start without a network", without)
	report("start with a network", with)
	return b.compare(probe, n)
}

func report(what string, all []time.Duration) {
	if len(all) > 0 {
		slices.Sort(all)
		fmt.Printf("%-28s median %7.2f ms   quarter %7.2f ms   min %7.2f ms\n", what, ms(all[len(all)/2]), ms(all[len(all)/4]), ms(all[0]))
	}
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func (b *bench) pack(agent, probe string) error {
	tree := filepath.Join(b.directory, "tree")
	for _, d := range []string{"proc", "dev", "tmp", "etc"} {
		if err := os.MkdirAll(filepath.Join(tree, d), 0o755); err != nil {
			return err
		}
	}
	for name, from := range map[string]string{"agent": agent, "netprobe": probe} {
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

// serve runs a server that echoes.
func serve() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_, _ = io.CopyBuffer(struct{ io.Writer }{c}, struct{ io.Reader }{c}, make([]byte, 256<<10))
			}()
		}
	}()
	return l.Addr().String(), nil
}

func (b *bench) launch(network *frame.Network) (*peer.Sandbox, error) {
	bundle := filepath.Join(b.directory, fmt.Sprint("b", time.Now().UnixNano()))
	if err := os.MkdirAll(filepath.Join(bundle, "state"), 0o700); err != nil {
		return nil, err
	}
	all := []string{"CAP_CHOWN", "CAP_SETGID", "CAP_SETUID", "CAP_KILL", "CAP_DAC_OVERRIDE", "CAP_NET_ADMIN"}
	content, err := json.Marshal(map[string]any{
		"ociVersion": "1.0.0",
		"process": map[string]any{
			"args": []string{"/agent"}, "cwd": "/", "env": []string{}, "user": map[string]int{"uid": 0, "gid": 0},
			"capabilities": map[string]any{"bounding": all, "effective": all, "permitted": all},
		},
		"root":   map[string]any{"path": filepath.Join(b.directory, "empty")},
		"mounts": []map[string]any{{"destination": "/proc", "type": "proc"}},
		"annotations": map[string]string{
			"dev.gvisor.spec.rootfs.source": b.image, "dev.gvisor.spec.rootfs.type": "erofs", "dev.gvisor.spec.rootfs.overlay": "memory",
		},
	})
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(bundle, "config.json"), content, 0o600); err != nil {
		return nil, err
	}
	return peer.Launch(peer.Program{
		Keeper: b.keeper, User: os.Getuid(), Bundle: bundle, Network: network, Answer: b.answer,
		Runsc: []string{b.runsc, "--network=none", "--ignore-cgroups"},
	})
}

// answer connects port 80 to the server, floods from port 81 and swallows on port 82.
func (b *bench) answer(s *peer.Stream) {
	switch s.Request.Port {
	case 80:
		c, err := net.Dial("tcp", b.address)
		if err != nil {
			s.Fail("CONNECTION_REFUSED", err.Error())
			return
		}
		s.Carry(c.(*net.TCPConn))
	case 81:
		s.Accept()
		chunk := make([]byte, 256<<10-frame.HeaderSize)
		for left := flood; left > 0; left -= len(chunk) {
			if _, err := s.Write(chunk[:min(left, len(chunk))]); err != nil {
				return
			}
		}
		_ = s.CloseWrite()
		_, _ = io.Copy(io.Discard, struct{ io.Reader }{s})
		s.Answer(struct{}{})
	case 82:
		s.Accept()
		_, _ = io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{s}, make([]byte, 256<<10))
		_ = s.CloseWrite()
		s.Answer(struct{}{})
	default:
		s.Fail("REFUSED", "not a port of this benchmark")
	}
}

const flood = 1 << 30

func (b *bench) start(network *frame.Network) (time.Duration, error) {
	began := time.Now()
	s, err := b.launch(network)
	if err != nil {
		return 0, err
	}
	return time.Since(began), s.Close()
}

func (b *bench) compare(probe string, rounds int) error {
	s, err := b.launch(&frame.Network{Names: true})
	if err != nil {
		return err
	}
	inside := func(arguments ...string) (string, error) {
		return s.Run(append([]string{"/netprobe"}, arguments...)...)
	}
	outside := func(arguments ...string) (string, error) {
		out, err := exec.Command(probe, arguments...).CombinedOutput()
		return string(out), err
	}
	for range max(1, rounds/10) {
		for _, m := range []struct {
			what      string
			run       func(...string) (string, error)
			arguments []string
		}{
			{"host loopback, a byte to and fro, median and most µs", outside, []string{"latency", b.address, "2000"}},
			{"sandbox, a byte to and fro, median and most µs", inside, []string{"latency", "198.18.0.7:80", "2000"}},
			{"host loopback, connects in a row, median and most µs", outside, []string{"row", b.address, "500"}},
			{"sandbox, connects in a row, median and most µs", inside, []string{"row", "198.18.0.7:80", "500"}},
			{"sandbox, 1000 connections at once", inside, []string{"many", "198.18.0.7:80", "1000"}},
			{"sandbox, out, Mbit/s", inside, []string{"throughput", "198.18.0.7:82", "up", "1024"}},
			{"sandbox, in, Mbit/s", inside, []string{"throughput", "198.18.0.7:81", "down", "1024"}},
		} {
			began := time.Now()
			out, err := m.run(m.arguments...)
			if err != nil {
				return fmt.Errorf("%s: %w", m.what, err)
			}
			fmt.Printf("%-56s %-16s (%.2f s)\n", m.what, strings.TrimSpace(out), time.Since(began).Seconds())
		}
	}
	return s.Close()
}
