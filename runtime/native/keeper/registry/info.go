// Package registry is what other processes of the user can learn of sandboxes without connecting to them.
package registry

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Format is the version of what is written to the state directory. A reader refuses a higher one.
const Format = 1

// DefaultApp is the app of sandboxes that name none.
const DefaultApp = "default"

const (
	maxName      = 63
	maxTags      = 64
	maxTagKey    = 128
	maxTagValue  = 1024
	maxText      = 4096
	namePattern  = "[A-Za-z0-9][A-Za-z0-9._-]*, at most 63 characters"
	nameSpecials = "._-"
)

// Labels are what a user finds a sandbox by, and sees in a list of them.
type Labels struct {
	App     string            `json:"app"`
	Name    string            `json:"name,omitempty"`
	Tags    map[string]string `json:"tags,omitempty"`
	Image   string            `json:"image,omitempty"`
	Command string            `json:"command,omitempty"`
}

// Info is the public description of a sandbox.
type Info struct {
	Format            int    `json:"format"`
	ID                string `json:"id"`
	Labels                   // as the creator gave them, but for the tags, which can be replaced
	CreatedMillis     int64  `json:"createdMillis"`
	TimeoutMillis     int64  `json:"timeoutMillis"`
	IdleTimeoutMillis int64  `json:"idleTimeoutMillis,omitempty"`
	MemoryBytes       int64  `json:"memoryBytes,omitempty"`
	Ports             []int  `json:"ports,omitempty"`
	Detached          bool   `json:"detached,omitempty"`
	Probed            bool   `json:"probed,omitempty"`      // whether it has a readiness probe
	ReadyMicros       int64  `json:"readyMicros,omitempty"` // from the keeper's start until it was ready
	Waiting           bool   `json:"waiting,omitempty"`     // for its use to begin; lists leave it out
	PID               int    `json:"pid"`
	Version           string `json:"version"`
}

// Check says what is wrong with labels, and fills in the app.
func (l *Labels) Check() error {
	if l.App == "" {
		l.App = DefaultApp
	}
	switch {
	case !isName(l.App):
		return fmt.Errorf(`"app" is %.80q: it must match %s`, l.App, namePattern)
	case l.Name != "" && !isName(l.Name):
		return fmt.Errorf(`"name" is %.80q: it must match %s`, l.Name, namePattern)
	case len(l.Image) > maxText || len(l.Command) > maxText:
		return fmt.Errorf(`"image" or "command" is longer than %d bytes`, maxText)
	}
	return CheckTags(l.Tags)
}

// CheckTags says what is wrong with tags.
func CheckTags(tags map[string]string) error {
	if len(tags) > maxTags {
		return fmt.Errorf("there are %d tags, where %d are the limit", len(tags), maxTags)
	}
	for key, value := range tags {
		switch {
		case key == "" || len(key) > maxTagKey || !isPrintable(key):
			return fmt.Errorf("the tag %.80q needs a key of 1 to %d printable bytes", key, maxTagKey)
		case len(value) > maxTagValue || !isPrintable(value):
			return fmt.Errorf("the tag %q needs a value of at most %d printable bytes", key, maxTagValue)
		}
	}
	return nil
}

func isPrintable(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, unicode.IsControl)
}

func isName(text string) bool {
	if text == "" || len(text) > maxName || strings.ContainsRune(nameSpecials, rune(text[0])) {
		return false
	}
	return !strings.ContainsFunc(text, func(r rune) bool {
		return r > unicode.MaxASCII || !(unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(nameSpecials, r))
	})
}
