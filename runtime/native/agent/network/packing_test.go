package network

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
)

func TestPackingFillsPacketsAndLosesNothing(t *testing.T) {
	random := rand.NewChaCha8([32]byte{4})
	sizes := rand.New(random)
	for range 200 {
		var p packing
		var sent, got bytes.Buffer
		pieces := 1 + sizes.IntN(8)
		for i := range pieces {
			piece := make([]byte, 1+sizes.IntN([]int{10, fullPacket, 5 * fullPacket}[sizes.IntN(3)]))
			_, _ = random.Read(piece)
			sent.Write(piece)
			last := i == pieces-1 || sizes.IntN(4) == 0
			writes := 0
			err := p.write(piece, last, func(ready *payload) error {
				writes++
				n := ready.Len()
				if !last && n%fullPacket != 0 {
					t.Fatalf("%d bytes, which fill no packets, though more is there", n)
				}
				if read, err := io.Copy(&got, ready); read != int64(n) || err != nil {
					t.Fatal(read, n, err)
				}
				return nil
			})
			if err != nil || writes > 1 {
				t.Fatal(writes, err)
			}
			if last && !bytes.Equal(sent.Bytes(), got.Bytes()) {
				t.Fatalf("%d of %d bytes, where nothing more was there", got.Len(), sent.Len())
			}
			clear(piece) // its memory is used again
			if last && p.memory != nil {
				t.Fatal("memory is kept for nothing")
			}
		}
		if !bytes.Equal(sent.Bytes(), got.Bytes()) {
			t.Fatalf("%d of %d bytes, or others", got.Len(), sent.Len())
		}
	}
}

func TestAFailedWriteIsTold(t *testing.T) {
	var p packing
	defer p.drop()
	if err := p.write([]byte("held"), false, nil); err != nil {
		t.Fatal(err)
	}
	failure := errors.New("the program has gone")
	if err := p.write([]byte("more"), true, func(*payload) error { return failure }); !errors.Is(err, failure) {
		t.Fatal(err)
	}
}
