package config

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"
)

func message(json string) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(json))), json...)
}

const good = `{"id":"sb-1","directory":"/tmp/a \"b\"","runsc":["/runsc","--log={{directory}}/x"],` +
	`"spec":{"root":{"path":"{{directory}}/root"}},"cpus":1.5,"timeoutMillis":5000}`

const network = `{"policy":{},"proxy":{"url":"http://p:1"},"dns":["127.0.0.1:53"],"hostname":"box","ports":[8080],` +
	`"networks":[{"directory":"/n","name":"db"}]}`

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
		{`5000`, `5000,"beginWithinMillis":-1`, `beginWithinMillis -1`},
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

func TestNetworkIsRead(t *testing.T) {
	s, err := Read(bytes.NewReader(message(strings.Replace(good, "5000", `5000,"network":`+network, 1))))
	if err != nil {
		t.Fatal(err)
	}
	n := s.Network
	rules, err1 := n.Rules()
	way, err2 := n.Way()
	servers, err3 := n.Servers()
	if errors.Join(err1, err2, err3) != nil || rules == nil || way.String() != "p:1" || len(servers) != 1 {
		t.Fatal(err1, err2, err3)
	}
	if !n.HasDevice() || n.Hostname != "box" || n.DNS[0] != "127.0.0.1:53" || n.Ports[0] != 8080 || n.Networks[0].Name != "db" {
		t.Fatalf("%+v", n)
	}
	if (*Network)(nil).HasDevice() || (&Network{Ports: []int{80}}).HasDevice() {
		t.Fatal("a closed sandbox has a device")
	}
}

func TestWrongNetworksNameWhatIsWrong(t *testing.T) {
	for _, c := range []struct{ from, to, mention string }{
		{`{}`, `[]`, `network.policy`},
		{`{}`, `{"allow":[{"cidr":"10.1.2"}]}`, `"10.1.2"`},
		{`"http://p:1"`, `"https://user:secret@p:1"`, `network.proxy`},
		{`{"url":"http://p:1"}`, `"http://p:1"`, `network.proxy`},
		{`"127.0.0.1:53"`, `"127.0.0.1"`, `"127.0.0.1"`},
		{`"127.0.0.1:53"`, `"localhost:53"`, `"localhost:53"`},
		{`"box"`, `"a.b"`, `"a.b"`},
		{`"box"`, `"-a"`, `"-a"`},
		{`8080`, `0`, `has 0`},
		{`8080`, `65536`, `65536`},
		{`8080`, `1` + strings.Repeat(",1", MaxTunnels), `65 ports`},
		{`"/n"`, `"n"`, `"n"`},
		{`"/n"`, `"/n/../m"`, `"/n/../m"`},
		{`"db"`, `"../db"`, `"../db"`},
		{`"db"`, `"DB"`, `"DB"`},
		{`"db"`, `"host"`, `"host"`},
	} {
		changed := strings.Replace(good, "5000", `5000,"network":`+strings.Replace(network, c.from, c.to, 1), 1)
		_, err := Read(bytes.NewReader(message(changed)))
		if err == nil || !strings.Contains(err.Error(), c.mention) {
			t.Errorf("%s: %v", changed, err)
		}
	}
}

func TestReadinessIsRead(t *testing.T) {
	probe := `{"probe":{"http":{"port":80,"path":"/"}},"env":{"A":"b"},"cwd":"/work","user":"u","entrypoint":true}`
	s, err := Read(bytes.NewReader(message(strings.Replace(good, "5000", `5000,"readiness":`+probe, 1))))
	if err != nil {
		t.Fatal(err)
	}
	if r := s.Readiness; r.Probe.HTTP.Port != 80 || r.Env["A"] != "b" || r.Cwd != "/work" || r.User != "u" || !r.Entrypoint {
		t.Fatalf("%+v", r)
	}
}

func TestWrongReadinessIsTheUsersError(t *testing.T) {
	for _, c := range []struct{ readiness, mention string }{
		{`{"probe":{}}`, "0 kinds"},
		{`{"probe":{"log":"("}}`, "RE2"},
		{`{"probe":{"exec":["true"]},"env":{"A":"` + strings.Repeat("x", maxReadiness) + `"}}`, "bytes with its environment"},
	} {
		_, err := Read(bytes.NewReader(message(strings.Replace(good, "5000", `5000,"readiness":`+c.readiness, 1))))
		var unfit *Unfit
		if !errors.As(err, &unfit) || !strings.Contains(err.Error(), c.mention) {
			t.Errorf("%.80s: %v", c.readiness, err)
		}
	}
}

func FuzzStart(f *testing.F) {
	f.Add(message(good))
	f.Add(message(`{"id":{}}`))
	f.Add(message(strings.Replace(good, "5000", `5000,"network":`+network, 1)))
	f.Fuzz(func(t *testing.T, input []byte) {
		s, err := Read(bytes.NewReader(input))
		if err == nil && (s.ID == "" || s.Directory == "" || s.TimeoutMillis <= 0) {
			t.Fatalf("%+v", s)
		}
	})
}
