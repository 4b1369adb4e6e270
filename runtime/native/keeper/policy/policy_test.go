package policy

import (
	"encoding/json"
	"net/netip"
	"os"
	"strings"
	"testing"
)

type vectors struct {
	Policies     map[string]json.RawMessage
	Destinations []struct {
		Policy, Name, Address, Rule string
		Protocol                    Protocol
		Port                        uint16
		Allowed                     bool
	}
	Names []struct {
		Policy, Name, Rule string
		Resolves           bool
	}
	Invalid []struct {
		Name, Mention string
		Policy        json.RawMessage
	}
}

func readVectors(t testing.TB) vectors {
	t.Helper()
	content, err := os.ReadFile("../../testdata/policy.json")
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(content, &v); err != nil {
		t.Fatal(err)
	}
	if len(v.Destinations) == 0 || len(v.Names) == 0 || len(v.Invalid) == 0 {
		t.Fatal("no vectors")
	}
	return v
}

func parse(t testing.TB, content string) *Policy {
	t.Helper()
	p, err := Parse([]byte(content))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestDestinationsAreDecidedAsTheVectorsSay(t *testing.T) {
	v := readVectors(t)
	for _, c := range v.Destinations {
		d := Destination{Protocol: c.Protocol, Name: c.Name, Port: c.Port}
		if c.Address != "" {
			d.Address = netip.MustParseAddr(c.Address)
		}
		got := parse(t, string(v.Policies[c.Policy])).Decide(d)
		if got.Allowed != c.Allowed || got.Rule != c.Rule || got.Allowed != (got.Message == "") {
			t.Errorf("%s: %s at %q: %+v", c.Policy, d, c.Address, got)
		}
	}
}

func TestNamesAreDecidedAsTheVectorsSay(t *testing.T) {
	v := readVectors(t)
	for _, c := range v.Names {
		got := parse(t, string(v.Policies[c.Policy])).Resolves(c.Name)
		if got.Allowed != c.Resolves || got.Rule != c.Rule || got.Allowed != (got.Message == "") {
			t.Errorf("%s: %s: %+v", c.Policy, c.Name, got)
		}
	}
}

func TestWrongPoliciesAreRefused(t *testing.T) {
	for _, c := range readVectors(t).Invalid {
		if p, err := Parse(c.Policy); err == nil || !strings.Contains(err.Error(), c.Mention) {
			t.Errorf("%s: %+v %v", c.Name, p, err)
		}
	}
	for name, content := range map[string]string{
		"no JSON":          `{`,
		"nothing":          ``,
		"null":             `null`,
		"an array":         `[]`,
		"two":              `{} {}`,
		"too many rules":   `{"allow":[` + strings.Repeat(`{"any":true},`, maxRules) + `{"any":true}]}`,
		"too many ports":   `{"allow":[{"any":true,"ports":[` + strings.Repeat(`[1,2],`, maxPorts) + `[1,2]]}]}`,
		"ports of strings": `{"allow":[{"any":true,"ports":["1-2"]}]}`,
	} {
		if _, err := Parse([]byte(content)); err == nil {
			t.Errorf("%s was read", name)
		}
	}
}

func TestRefusalsSayWhy(t *testing.T) {
	address := netip.MustParseAddr
	for _, c := range []struct {
		policy      string
		destination Destination
		want        string
	}{
		{`{}`, Destination{Protocol: TCP, Name: "a.example", Port: 443}, "no rule allows tcp a.example:443"},
		{`{}`, Destination{Protocol: UDP, Address: address("2001:db8::1"), Port: 53}, "no rule allows udp [2001:db8::1]:53"},
		{`{"everything":true,"deny":[{"text":"a.example:25","domain":"a.example","ports":[[25,25]]}]}`,
			Destination{Protocol: TCP, Name: "a.example", Port: 25}, `the rule "a.example:25" denies tcp a.example:25`},
		{`{"everything":true}`, Destination{Protocol: TCP, Name: "a.example", Address: address("10.1.2.3"), Port: 443},
			"tcp a.example:443 leads to 10.1.2.3, a private address, which needs a rule that names it"},
		{`{"everything":true}`, Destination{Protocol: TCP, Address: address("64:ff9b::a9fe:a9fe"), Port: 80},
			"tcp [64:ff9b::a9fe:a9fe]:80 leads to 169.254.169.254, a metadata service, which needs a rule that names it"},
	} {
		if got := parse(t, c.policy).Decide(c.destination).Message; got != c.want {
			t.Errorf("%q, not %q", got, c.want)
		}
	}
}

func TestAddressesOfTheHostNeedARuleOfTheirOwn(t *testing.T) {
	for _, c := range []struct {
		policy, name, address string
		allowed               bool
	}{
		{`{"everything":true}`, "", "203.0.113.5", false},
		{`{"everything":true}`, "a.example", "203.0.113.5", false},
		{`{"allow":[{"cidr":"203.0.113.0/24"}]}`, "", "203.0.113.5", false},
		{`{"allow":[{"cidr":"203.0.113.5"}]}`, "", "203.0.113.5", true},
		{`{"allow":[{"cidr":"10.0.0.0/8"}]}`, "", "10.1.2.3", false},
		{`{"allow":[{"cidr":"10.1.2.3"}]}`, "", "10.1.2.3", true},
		{`{"allow":[{"domain":"a.example","private":true}]}`, "a.example", "10.1.2.3", false},
		{`{"allow":[{"domain":"a.example"},{"cidr":"10.1.2.3"}]}`, "a.example", "10.1.2.3", true},
		{`{"allow":[{"cidr":"127.0.0.0/8"}]}`, "", "127.0.0.1", true},
	} {
		got := parse(t, c.policy).Decide(Destination{Protocol: TCP, Name: c.name, Address: netip.MustParseAddr(c.address), Port: 80, OnHost: true})
		if got.Allowed != c.allowed {
			t.Errorf("%s: %q %s: %+v", c.policy, c.name, c.address, got)
		}
	}
}

func TestTextOfRulesIsPrintableAndBounded(t *testing.T) {
	p := parse(t, `{"allow":[{"text":"a\u001b[31m`+strings.Repeat("ü", 1000)+`","domain":"a.example"}]}`)
	rule := p.Decide(Destination{Protocol: TCP, Name: "a.example", Port: 1}).Rule
	if !strings.HasPrefix(rule, "a?[31mü") || len([]rune(rule)) != maxText {
		t.Fatalf("%q", rule)
	}
	p = parse(t, `{"allow":[{"domain":"*.example"}]}`)
	if rule := p.Resolves("a.example").Rule; rule != "*.example" {
		t.Fatalf("%q", rule)
	}
}

func TestClosedRefusesEverything(t *testing.T) {
	if v := Closed().Decide(Destination{Protocol: TCP, Name: "a.example", Port: 1}); v.Allowed || v.Message == "" {
		t.Fatalf("%+v", v)
	}
}
