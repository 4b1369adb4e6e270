// Package config reads what a client asks a keeper to start.
package config

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"
	"unicode"

	"dev.sandboxed/native/frame"
	"dev.sandboxed/native/keeper/registry"
	"dev.sandboxed/native/keeper/volumes"
	"dev.sandboxed/native/readiness"
)

// maxSize bounds the start message.
const maxSize = 16 << 20

// maxContext leaves room for what is around it in an answer.
const maxContext = frame.MaxPayload - 1024

// maxReadiness leaves room for what else the agent is greeted with, and so does maxRestore.
const (
	maxReadiness = frame.MaxPayload / 2
	maxRestore   = frame.MaxPayload / 4
)

// Unfit is an error of the sandbox's user, and not of the client that sent the message.
type Unfit struct{ error }

// placeholder stands for the sandbox's directory in the spec and in the flags of runsc.
const placeholder = "{{directory}}"

// Start is what a client asks for.
type Start struct {
	ID                string          `json:"id"`
	Directory         string          `json:"directory"`
	Runsc             []string        `json:"runsc"`
	Spec              json.RawMessage `json:"spec"`
	MemoryBytes       int64           `json:"memoryBytes"`
	CPUs              float64         `json:"cpus"`
	PIDs              int64           `json:"pids"`
	Mounts            []frame.Mount   `json:"mounts"`
	MountBytes        int64           `json:"mountBytes"`
	TimeoutMillis     int64           `json:"timeoutMillis"`
	IdleTimeoutMillis int64           `json:"idleTimeoutMillis"`
	// BeginWithinMillis is how long the sandbox waits for its use to begin, and its timeouts with it; zero if it begins at once.
	BeginWithinMillis int64 `json:"beginWithinMillis"`
	// Labels are what the sandbox is found by.
	Labels registry.Labels `json:"labels"`
	// Volumes are those that the spec mounts.
	Volumes []volumes.Volume `json:"volumes"`
	// Foreign are files that the client writes and that are not of the programs' making.
	Foreign []string `json:"foreign"`
	// Context is what a client needs to drive the sandbox, kept for those that come later; nothing is known of it here.
	Context json.RawMessage `json:"context"`
	// Records is where what is left to be known of ended sandboxes is kept; empty for nowhere.
	Records string `json:"records"`
	// Readiness is what the agent tries, to say when the sandbox is ready; nil if nobody will ask.
	Readiness *readiness.Readiness `json:"readiness"`
	// Network is nil for a sandbox that reaches nothing and that only tunnels lead into.
	Network *Network `json:"network"`
	// Restore is nil for a sandbox that is booted.
	Restore *Restore `json:"restore"`
}

// Restore is what a copy is started from, and what tells it from others.
type Restore struct {
	// Directory has what the request for a snapshot wrote.
	Directory string `json:"directory"`
	// Name is what programs in the copy are told that it is called.
	Name string `json:"name"`
	// Hostname is the copy's id where missing.
	Hostname string            `json:"hostname"`
	Env      map[string]string `json:"env"`
}

// MountPoints are the places where something is mounted over the root file system, by the runtime or by the agent.
func (s *Start) MountPoints() ([]string, error) {
	var spec struct {
		Mounts []struct {
			Destination string `json:"destination"`
		} `json:"mounts"`
	}
	if err := json.Unmarshal(s.Spec, &spec); err != nil {
		return nil, fmt.Errorf("parse the spec: %w", err)
	}
	var points []string
	for _, m := range spec.Mounts {
		points = append(points, m.Destination)
	}
	for _, m := range s.Mounts {
		points = append(points, m.To)
	}
	return points, nil
}

// Read reads and checks the start message.
func Read(from io.Reader) (*Start, error) {
	var length [4]byte
	if _, err := io.ReadFull(from, length[:]); err != nil {
		return nil, fmt.Errorf("read the length of the start message: %w", err)
	}
	n := binary.BigEndian.Uint32(length[:])
	if n > maxSize {
		return nil, fmt.Errorf("the start message has %d bytes, where %d are the limit", n, maxSize)
	}
	content := make([]byte, n)
	if _, err := io.ReadFull(from, content); err != nil {
		return nil, fmt.Errorf("read the start message: %w", err)
	}
	var s Start
	if err := json.Unmarshal(content, &s); err != nil {
		return nil, fmt.Errorf("parse the start message: %w", err)
	}
	err := s.check()
	if err == nil {
		err = volumes.Check(s.Volumes)
	}
	if unfit := (*Unfit)(nil); errors.As(err, &unfit) {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("the start message is wrong: %w", err)
	}
	return s.filledIn()
}

func (s *Start) check() error {
	switch {
	case s.ID == "" || len(s.ID) > 64 || strings.ContainsFunc(s.ID, unfit):
		return fmt.Errorf(`"id" is %q: it needs 1 to 64 letters, digits, "-", "_" or "."`, s.ID)
	case !filepath.IsAbs(s.Directory) || filepath.Clean(s.Directory) != s.Directory || s.Directory == "/":
		return fmt.Errorf(`"directory" is %q: it must be absolute and normalised`, s.Directory)
	case len(s.Runsc) == 0 || !filepath.IsAbs(s.Runsc[0]):
		return fmt.Errorf(`"runsc" is %q: it needs the absolute path of the runtime and its flags`, s.Runsc)
	case len(s.Spec) == 0 || s.Spec[0] != '{':
		return fmt.Errorf(`"spec" is missing`)
	case s.TimeoutMillis <= 0:
		return fmt.Errorf(`"timeoutMillis" is %d: it must be positive`, s.TimeoutMillis)
	case s.IdleTimeoutMillis < 0 || s.BeginWithinMillis < 0 || s.MemoryBytes < 0 || s.CPUs < 0 || s.PIDs < 0:
		return fmt.Errorf("a limit is negative: idleTimeoutMillis %d, beginWithinMillis %d, memoryBytes %d, cpus %g, pids %d",
			s.IdleTimeoutMillis, s.BeginWithinMillis, s.MemoryBytes, s.CPUs, s.PIDs)
	}
	if len(s.Context) > maxContext {
		return fmt.Errorf(`"context" has %d bytes, where %d are the limit`, len(s.Context), maxContext)
	}
	if s.Records != "" && (!filepath.IsAbs(s.Records) || filepath.Clean(s.Records) != s.Records) {
		return fmt.Errorf(`"records" is %q: it must be absolute and normalised`, s.Records)
	}
	if err := s.Labels.Check(); err != nil {
		return err
	}
	if err := s.checkReadiness(); err != nil {
		return err
	}
	if err := s.checkRestore(); err != nil {
		return err
	}
	if s.Network != nil {
		return s.Network.check()
	}
	return nil
}

func (s *Start) checkRestore() error {
	if s.Restore == nil {
		return nil
	}
	if !filepath.IsAbs(s.Restore.Directory) || filepath.Clean(s.Restore.Directory) != s.Restore.Directory {
		return fmt.Errorf(`the "directory" of "restore" is %q: it must be absolute and normalised`, s.Restore.Directory)
	}
	content, err := json.Marshal(s.Restore)
	if err == nil && len(content) > maxRestore {
		err = fmt.Errorf(`"restore" has %d bytes, where %d are the limit`, len(content), maxRestore)
	}
	return err
}

func (s *Start) checkReadiness() error {
	if s.Readiness == nil {
		return nil
	}
	if err := s.Readiness.Check(); err != nil {
		return &Unfit{err}
	}
	content, err := json.Marshal(s.Readiness)
	if err == nil && len(content) > maxReadiness {
		err = &Unfit{fmt.Errorf("the readiness probe has %d bytes with its environment, where %d are the limit", len(content), maxReadiness)}
	}
	return err
}

func unfit(r rune) bool {
	return r > unicode.MaxASCII || !(unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("-_.", r))
}

// filledIn puts the directory in the place of its placeholder. Braces occur in valid JSON only inside strings or as
// objects, and no object starts with two of them.
func (s *Start) filledIn() (*Start, error) {
	quoted, err := json.Marshal(s.Directory)
	if err != nil {
		return nil, err
	}
	s.Spec = json.RawMessage(strings.ReplaceAll(string(s.Spec), placeholder, string(quoted[1:len(quoted)-1])))
	for i := range s.Runsc {
		s.Runsc[i] = strings.ReplaceAll(s.Runsc[i], placeholder, s.Directory)
	}
	return s, nil
}

// Timeout is how long the sandbox may live.
func (s *Start) Timeout() time.Duration { return time.Duration(s.TimeoutMillis) * time.Millisecond }

// BeginWithin is how long the sandbox may wait for its use to begin.
func (s *Start) BeginWithin() time.Duration {
	return time.Duration(s.BeginWithinMillis) * time.Millisecond
}

// IdleTimeout is how long the sandbox may be idle; zero is for ever.
func (s *Start) IdleTimeout() time.Duration {
	return time.Duration(s.IdleTimeoutMillis) * time.Millisecond
}
