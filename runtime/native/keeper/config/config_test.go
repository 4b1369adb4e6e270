package config

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
)

func message(json string) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(json))), json...)
}

const good = `{"id":"sb-1","directory":"/tmp/a \"b\"","runsc":["/runsc","--log={{directory}}/x"],` +
	`"spec":{"root":{"path":"{{directory}}/root"}},"cpus":1.5,"timeoutMillis":5000}`

func TestDirectoryIsFilledIn(t *testing.T) {
	s, err := Read(bytes.NewReader(message(good)))
	if err != nil {
		t.Fatal(err)
	}
	if s.Runsc[1] != `--log=/tmp/a "b"/x` || string(s.Spec) != `{"root":{"path":"/tmp/a \"b\"/root"}}` {
		t.Fatalf("%q %s", s.Runsc, s.Spec)
	}
	if s.CPUs != 1.5 || s.Timeout().Seconds() != 5 || s.IdleTimeout() != 0 {
		t.Fatalf("%+v", s)
	}
}

func TestWrongMessagesNameWhatIsWrong(t *testing.T) {
	for _, c := range []struct{ from, to, mention string }{
		{`"sb-1"`, `""`, `"id"`},
		{`"sb-1"`, `"a/b"`, `"a/b"`},
		{`"sb-1"`, `"` + strings.Repeat("x", 65) + `"`, `"id"`},
		{`"/tmp/a \"b\""`, `"relative"`, `"relative"`},
		{`"/tmp/a \"b\""`, `"/a/../b"`, `"/a/../b"`},
		{`"/tmp/a \"b\""`, `"/"`, `"directory"`},
		{`["/runsc",`, `["runsc",`, `"runsc"`},
		{`"spec":{`, `"other":{`, `"spec"`},
		{`5000`, `0`, `"timeoutMillis"`},
		{`5000`, `5000,"memoryBytes":-1`, `memoryBytes -1`},
		{`5000}`, `5000`, "parse"},
	} {
		changed := strings.Replace(good, c.from, c.to, 1)
		_, err := Read(bytes.NewReader(message(changed)))
		if err == nil || !strings.Contains(err.Error(), c.mention) {
			t.Errorf("%s: %v", changed, err)
		}
	}
	for _, cut := range [][]byte{nil, {0, 0}, message(good)[:20], {255, 255, 255, 255}} {
		if _, err := Read(bytes.NewReader(cut)); err == nil {
			t.Errorf("%q was read", cut)
		}
	}
}

func FuzzStart(f *testing.F) {
	f.Add(message(good))
	f.Add(message(`{"id":{}}`))
	f.Fuzz(func(t *testing.T, input []byte) {
		s, err := Read(bytes.NewReader(input))
		if err == nil && (s.ID == "" || s.Directory == "" || s.TimeoutMillis <= 0) {
			t.Fatalf("%+v", s)
		}
	})
}
