package tail

import (
	"strings"
	"testing"
)

func TestOnlyTheEndIsKept(t *testing.T) {
	b := New(10)
	for _, part := range []string{"0123", "4567", "89ab"} {
		if n, err := b.Write([]byte(part)); n != 4 || err != nil {
			t.Fatal(n, err)
		}
	}
	if b.String() != "…23456789ab" {
		t.Fatal(b.String())
	}
	if _, err := b.Write([]byte(strings.Repeat("x", 50) + "end")); err != nil || b.String() != "…xxxxxxxend" {
		t.Fatal(b.String())
	}
}

func TestWhatIsNoTextIsMadeOne(t *testing.T) {
	b := New(10)
	if _, err := b.Write([]byte("a\xffb")); err != nil || b.String() != "a\uFFFDb" {
		t.Fatalf("%q", b.String())
	}
}
