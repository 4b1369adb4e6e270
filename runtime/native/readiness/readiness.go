// Package readiness is how the user of a sandbox says when it is ready, as its keeper hands it to its agent.
package readiness

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	maxLeaves  = 16
	maxDepth   = 4
	maxPath    = 2048
	maxPattern = 1000
	maxCommand = 64 << 10
	// maxProgram bounds what a line of the log can cost: with a pattern that is longer once its repetitions are written out, a
	// program that prints could keep the agent busy.
	maxProgram = 1000

	defaultInterval = 100 * time.Millisecond
	defaultAttempt  = 10 * time.Second
	// A program may need the processors that what it waits for needs, too: it gets a third of the time at most, unless that would
	// make somebody wait longer than maxPause for the news.
	pausePerAttempt = 2
	maxPause        = 2 * time.Second
	maxMillis       = int64(time.Hour / time.Millisecond)
)

// Readiness is when a sandbox is ready.
type Readiness struct {
	Probe Probe `json:"probe"`
	// Env, Cwd and User are how the commands of probes run.
	Env  map[string]string `json:"env,omitempty"`
	Cwd  string            `json:"cwd,omitempty"`
	User string            `json:"user,omitempty"`
	// Entrypoint says that nothing is tried before the entrypoint is started.
	Entrypoint bool `json:"entrypoint,omitempty"`
}

// Probe is a condition, exactly one of its kinds: one to be tried, a line of the entrypoint's output, or a group.
type Probe struct {
	TCP  int      `json:"tcp,omitempty"`
	HTTP *HTTP    `json:"http,omitempty"`
	Exec []string `json:"exec,omitempty"`
	Log  string   `json:"log,omitempty"`
	All  []Probe  `json:"all,omitempty"`
	Any  []Probe  `json:"any,omitempty"`

	IntervalMillis int64 `json:"intervalMillis,omitempty"`
	AttemptMillis  int64 `json:"attemptMillis,omitempty"`
}

// HTTP is a request that has to be answered with the status, or if that is zero with one of 200 to 299.
type HTTP struct {
	Port   int    `json:"port"`
	Path   string `json:"path"`
	Status int    `json:"status,omitempty"`
}

// Check says what is wrong.
func (r *Readiness) Check() error {
	leaves := 0
	if err := r.Probe.check(maxDepth, &leaves); err != nil {
		return err
	}
	if leaves > maxLeaves {
		return fmt.Errorf("there are %d probes, where %d are the limit", leaves, maxLeaves)
	}
	return nil
}

func (p *Probe) check(depth int, leaves *int) error {
	if depth == 0 {
		return fmt.Errorf("probes are grouped more than %d levels deep", maxDepth-1)
	}
	kinds := 0
	for _, is := range []bool{p.TCP != 0, p.HTTP != nil, len(p.Exec) > 0, p.Log != "", len(p.All) > 0, len(p.Any) > 0} {
		if is {
			kinds++
		}
	}
	if kinds != 1 {
		return fmt.Errorf("a probe is of %d kinds, where it needs to be of one of tcp, http, exec, log, all and any", kinds)
	}
	if min(p.IntervalMillis, p.AttemptMillis) < 0 || max(p.IntervalMillis, p.AttemptMillis) > maxMillis {
		return fmt.Errorf("a probe has an interval of %d ms and a limit of %d ms for an attempt, where 1 to %d are possible",
			p.IntervalMillis, p.AttemptMillis, maxMillis)
	}
	for _, group := range [][]Probe{p.All, p.Any} {
		for i := range group {
			if err := group[i].check(depth-1, leaves); err != nil {
				return err
			}
		}
	}
	if len(p.All)+len(p.Any) > 0 {
		return nil
	}
	*leaves++
	return p.checkLeaf()
}

func (p *Probe) checkLeaf() error {
	switch {
	case p.HTTP != nil:
		return p.HTTP.check()
	case len(p.Exec) > 0:
		return checkCommand(p.Exec)
	case p.Log != "":
		_, err := p.Pattern()
		return err
	default:
		return checkPort(p.TCP)
	}
}

func checkPort(port int) error {
	if port < 1 || port > 65535 {
		return fmt.Errorf("a probe has the port %d, where ports are 1 to 65535", port)
	}
	return nil
}

func (h *HTTP) check() error {
	unfit := func(r rune) bool { return r <= ' ' || r > '~' }
	switch {
	case len(h.Path) == 0 || len(h.Path) > maxPath || h.Path[0] != '/' || strings.ContainsFunc(h.Path, unfit):
		return fmt.Errorf("a probe has the path %.80q, where 1 to %d printable ASCII characters without spaces are possible, beginning with /",
			h.Path, maxPath)
	case h.Status != 0 && (h.Status < 200 || h.Status > 599):
		return fmt.Errorf("a probe has the status %d, where 200 to 599 are possible", h.Status)
	}
	return checkPort(h.Port)
}

func checkCommand(argv []string) error {
	size := 0
	for _, argument := range argv {
		size += len(argument)
		if strings.ContainsRune(argument, 0) {
			return fmt.Errorf("a probe has the argument %.80q with a NUL character", argument)
		}
	}
	if argv[0] == "" || size > maxCommand {
		return fmt.Errorf("a probe has a command without a name, or of more than %d bytes", maxCommand)
	}
	return nil
}

// Pattern is the regular expression that a line of the log has to match somewhere. To look for it takes a time in proportion
// to the line's length, whatever the line and the pattern are.
func (p *Probe) Pattern() (*regexp.Regexp, error) {
	if len(p.Log) > maxPattern || !utf8.ValidString(p.Log) {
		return nil, fmt.Errorf("the log pattern %.80q is no text, or has more than %d bytes", p.Log, maxPattern)
	}
	parsed, err := syntax.Parse(p.Log, syntax.Perl)
	if err != nil {
		return nil, fmt.Errorf("the log pattern %q is no regular expression of RE2: %w", p.Log, err)
	}
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return nil, fmt.Errorf("the log pattern %q: %w", p.Log, err)
	}
	if len(program.Inst) > maxProgram {
		return nil, fmt.Errorf("the log pattern %q repeats so much that it takes %d steps, where %d are the limit",
			p.Log, len(program.Inst), maxProgram)
	}
	return regexp.Compile(p.Log)
}

// Pause is the time until the next attempt after one that took so long: the interval that the user wants, or else the usual
// one, which is longer for programs that take long.
func (p *Probe) Pause(took time.Duration) time.Duration {
	interval := millis(p.IntervalMillis, defaultInterval)
	if p.IntervalMillis != 0 || len(p.Exec) == 0 {
		return interval
	}
	return max(interval, min(took, maxPause/pausePerAttempt)*pausePerAttempt)
}

// Attempt is how long one attempt may take.
func (p *Probe) Attempt() time.Duration { return millis(p.AttemptMillis, defaultAttempt) }

func millis(given int64, otherwise time.Duration) time.Duration {
	if given == 0 {
		return otherwise
	}
	return time.Duration(given) * time.Millisecond
}
