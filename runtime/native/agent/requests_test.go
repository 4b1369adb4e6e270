package agent

import (
	"encoding/json"
	"testing"

	"dev.sandboxed/native/agent/failure"
)

func TestRequestsThatCannotBeMeantAreInvalid(t *testing.T) {
	for _, payload := range []string{
		`{}`,
		`{"op":1}`,
		`{"op":"reboot"}`,
		`{"op":"exec","argv":"true"}`,
		`{"op":"exec","argv":["true"],"timeoutMillis":"soon"}`,
		`{"op":"exec","argv":["true"],"pty":{"rows":-1,"cols":1}}`,
		`{"op":"exec","argv":["true"],"pty":{"rows":65536,"cols":1}}`,
		`{"op":"read"}`,
		`{"op":"read","path":""}`,
		`{"op":"read","path":"relative"}`,
		`{"op":"read","path":"/a\u0000"}`,
		`{"op":"read","path":"/","offset":1e99}`,
		`{"op":"dial"}`,
		`{"op":"dial","port":0}`,
		`{"op":"dial","port":-80}`,
		`{"op":"dial","port":65536}`,
		`{"op":"dial","port":"80"}`,
		`{"op":"readiness","wait":"yes"}`,
	} {
		_, err := (&Agent{}).parse([]byte(payload))
		if err == nil || failure.Of(err, "").Kind != failure.Invalid {
			t.Errorf("%s: %v", payload, err)
		}
	}
}

// FuzzRequest checks that every payload is either a request or an answerable error.
func FuzzRequest(f *testing.F) {
	for _, payload := range []string{
		`{"op":"exec","argv":["python3","-c","x"],"cwd":"/work","env":{"PATH":"/bin"},"user":"postgres","stdin":true,"timeoutMillis":30000,"pty":{"rows":24,"cols":80}}`,
		`{"op":"read","path":"/a","offset":5,"length":7}`,
		`{"op":"write","path":"/a","mode":"append","perm":420,"parents":true}`,
		`{"op":"watch","path":"/","recursive":true}`,
		`{"op":"untar","path":"/x"}`,
		`{"op":"dial","port":8080}`,
		`{"op":"readiness","wait":true}`,
		`{"op":null,"path":[]}`,
	} {
		f.Add([]byte(payload))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		act, err := (&Agent{}).parse(payload)
		if err != nil {
			if encoded, err := json.Marshal(answer(nil, failure.Of(err, act.path))); err != nil || len(encoded) > 1<<20 {
				t.Fatalf("%d bytes: %v", len(encoded), err)
			}
		} else if act.do == nil {
			t.Fatal("nothing to do")
		}
	})
}
