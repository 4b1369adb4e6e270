package readiness

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"
	"testing/quick"
	"time"
)

type vectors struct {
	Valid, Invalid []struct {
		Name, Mention string
		Probe         json.RawMessage
	}
}

func readVectors(t testing.TB) vectors {
	t.Helper()
	content, err := os.ReadFile("../testdata/probes.json")
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(content, &v); err != nil {
		t.Fatal(err)
	}
	if len(v.Valid) == 0 || len(v.Invalid) == 0 {
		t.Fatal("no vectors")
	}
	return v
}

func parse(t testing.TB, probe []byte) Readiness {
	t.Helper()
	var r Readiness
	if err := json.Unmarshal(probe, &r.Probe); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestValidProbesAreAcceptedAndWrittenAsTheyAre(t *testing.T) {
	for _, v := range readVectors(t).Valid {
		r := parse(t, v.Probe)
		if err := r.Check(); err != nil {
			t.Errorf("%s: %v", v.Name, err)
		}
		written, err := json.Marshal(r.Probe)
		if err != nil {
			t.Fatal(err)
		}
		again := parse(t, written)
		rewritten, _ := json.Marshal(again.Probe)
		if !bytes.Equal(written, rewritten) {
			t.Errorf("%s: %s became %s", v.Name, written, rewritten)
		}
	}
}

func TestInvalidProbesAreRefusedWithWhatIsWrong(t *testing.T) {
	for _, v := range readVectors(t).Invalid {
		r := parse(t, v.Probe)
		if err := r.Check(); err == nil || !strings.Contains(err.Error(), v.Mention) {
			t.Errorf("%s: %v", v.Name, err)
		}
	}
}

func TestTimesHaveDefaults(t *testing.T) {
	if p := (&Probe{TCP: 1}); p.Pause(0) != 100*time.Millisecond || p.Attempt() != 10*time.Second {
		t.Fatal(p.Pause(0), p.Attempt())
	}
	if p := (&Probe{TCP: 1, IntervalMillis: 7, AttemptMillis: 8}); p.Pause(0) != 7*time.Millisecond || p.Attempt() != 8*time.Millisecond {
		t.Fatal(p.Pause(0), p.Attempt())
	}
}

func TestProgramsThatTakeLongAreStartedLessOften(t *testing.T) {
	program := Probe{Exec: []string{"a"}}
	for took, want := range map[time.Duration]time.Duration{
		-time.Second:           100 * time.Millisecond,
		0:                      100 * time.Millisecond,
		20 * time.Millisecond:  100 * time.Millisecond,
		300 * time.Millisecond: 600 * time.Millisecond,
		time.Second:            2 * time.Second,
		10 * time.Second:       2 * time.Second,
		math.MaxInt64:          2 * time.Second,
	} {
		if got := program.Pause(took); got != want {
			t.Errorf("%s after an attempt of %s, where %s was expected", got, took, want)
		}
	}
}

func TestIntervalsOfTheUserAndOfCheapProbesHangOnNothing(t *testing.T) {
	kept := func(took, millis int64) bool {
		interval := 1 + max(millis, -millis, 0)%maxMillis
		wanted := Probe{Exec: []string{"a"}, IntervalMillis: interval}
		cheap := []Probe{{TCP: 1}, {HTTP: &HTTP{Port: 1, Path: "/"}}}
		return wanted.Pause(time.Duration(took)) == time.Duration(interval)*time.Millisecond &&
			cheap[0].Pause(time.Duration(took)) == defaultInterval && cheap[1].Pause(time.Duration(took)) == defaultInterval
	}
	if err := quick.Check(kept, nil); err != nil {
		t.Error(err)
	}
}

// FuzzProbe checks that every JSON is refused, or is a probe whose patterns can be used.
func FuzzProbe(f *testing.F) {
	v := readVectors(f)
	for _, probes := range [][]struct {
		Name, Mention string
		Probe         json.RawMessage
	}{v.Valid, v.Invalid} {
		for _, p := range probes {
			f.Add([]byte(p.Probe))
		}
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		var r Readiness
		if json.Unmarshal(input, &r.Probe) != nil || r.Check() != nil {
			return
		}
		use(t, &r.Probe, maxDepth)
	})
}

func use(t *testing.T, p *Probe, depth int) {
	if depth == 0 {
		t.Fatal("too deep")
	}
	if p.Pause(0) <= 0 || p.Attempt() <= 0 {
		t.Fatal(p.Pause(0), p.Attempt())
	}
	if p.Log != "" {
		pattern, err := p.Pattern()
		if err != nil {
			t.Fatal(err)
		}
		pattern.Match(bytes.Repeat([]byte("a \xff\n"), 500))
	}
	for _, group := range [][]Probe{p.All, p.Any} {
		for i := range group {
			use(t, &group[i], depth-1)
		}
	}
}
