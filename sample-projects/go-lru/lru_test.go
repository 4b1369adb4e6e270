package lru_test

import (
	"testing"

	"example.org/lru"
	"github.com/google/go-cmp/cmp"
)

func TestGetReturnsWhatWasPut(t *testing.T) {
	cache := lru.New[string, int](2)
	cache.Put("a", 1)
	if value, ok := cache.Get("a"); !ok || value != 1 {
		t.Errorf("Get(a) = %d, %t; want 1, true", value, ok)
	}
	if _, ok := cache.Get("b"); ok {
		t.Error("Get(b) found what was never put")
	}
}

func TestOrder(t *testing.T) {
	tests := map[string]struct {
		use  func(*lru.Cache[string, int])
		want []string
	}{
		"put puts in front":       {func(c *lru.Cache[string, int]) {}, []string{"b", "a"}},
		"get moves to the front":  {func(c *lru.Cache[string, int]) { c.Get("a") }, []string{"a", "b"}},
		"put drops the oldest":    {func(c *lru.Cache[string, int]) { c.Put("c", 3) }, []string{"c", "b"}},
		"put again drops nothing": {func(c *lru.Cache[string, int]) { c.Put("a", 4) }, []string{"a", "b"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			cache := lru.New[string, int](2)
			cache.Put("a", 1)
			cache.Put("b", 2)
			test.use(cache)
			if diff := cmp.Diff(test.want, cache.Keys()); diff != "" {
				t.Errorf("keys differ (-want +got):\n%s", diff)
			}
		})
	}
}

func TestNewRefusesNoCapacity(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("New(0) did not panic")
		}
	}()
	lru.New[string, int](0)
}
