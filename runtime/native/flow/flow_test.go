package flow

import (
	"context"
	"errors"
	"testing"
	"time"

	"dev.sandboxed/native/frame"
)

func TestCreditIsAwaitedAndSpent(t *testing.T) {
	var c Credit
	got := make(chan int)
	go func() {
		n, err := c.Await(context.Background())
		if err != nil {
			n = -1
		}
		got <- n
	}()
	if err := c.Grant(10); err != nil {
		t.Fatal(err)
	}
	if n := <-got; n != 10 {
		t.Fatal(n)
	}
	if c.Spend(11) || !c.Spend(10) || c.Spend(1) {
		t.Fatal("spent what was not there")
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	if _, err := c.Await(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
}

func TestCreditBeyondTheLimitIsRefused(t *testing.T) {
	var c Credit
	if err := c.Grant(frame.MaxCredit); err != nil {
		t.Fatal(err)
	}
	if err := c.Grant(1); err == nil {
		t.Fatal("no error")
	}
}

func TestInboxHoldsNoMoreThanItsWindow(t *testing.T) {
	granted := 0
	b := NewInbox(100, func(n uint32) { granted += int(n) })
	b.Open()
	put := func(n int) error { return b.Put(make([]byte, n)) }
	if granted != 100 || put(60) != nil || put(40) != nil || !errors.Is(put(1), ErrOverrun) {
		t.Fatal(granted)
	}
	data, ok, err := b.Next(context.Background())
	if len(data) != 60 || !ok || err != nil {
		t.Fatal(len(data), ok, err)
	}
	if granted != 100 || !errors.Is(put(1), ErrOverrun) {
		t.Fatal("handed out is not consumed")
	}
	b.Consumed(60)
	if granted != 160 || put(60) != nil {
		t.Fatal(granted)
	}
	b.End()
	if !errors.Is(put(0), ErrEnded) {
		t.Fatal("data after the end")
	}
	for _, want := range []int{40, 60} {
		if data, ok, _ := b.Next(context.Background()); len(data) != want || !ok {
			t.Fatal(len(data), ok)
		}
	}
	if _, ok, err := b.Next(context.Background()); ok || err != nil {
		t.Fatal(ok, err)
	}
}

func TestDiscardedInboxTakesAndForgets(t *testing.T) {
	granted := 0
	b := NewInbox(100, func(n uint32) { granted += int(n) })
	b.Open()
	if err := b.Put(make([]byte, 80)); err != nil {
		t.Fatal(err)
	}
	b.Discard()
	if err := b.Put(make([]byte, 100)); err != nil {
		t.Fatal(err)
	}
	if granted < 200 {
		t.Fatal(granted)
	}
	if _, ok, _ := b.Next(context.Background()); ok {
		t.Fatal("something is left")
	}
}
