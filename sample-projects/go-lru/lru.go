// Package lru keeps the entries that were used last.
package lru

import "container/list"

// Cache holds a bounded number of entries and drops the one that was not used for longest.
// It is not safe for concurrent use.
type Cache[K comparable, V any] struct {
	capacity int
	order    *list.List
	entries  map[K]*list.Element
}

type entry[K comparable, V any] struct {
	key   K
	value V
}

// New returns an empty cache. It panics if the capacity is not positive.
func New[K comparable, V any](capacity int) *Cache[K, V] {
	if capacity <= 0 {
		panic("lru: the capacity must be positive")
	}
	return &Cache[K, V]{
		capacity: capacity,
		order:    list.New(),
		entries:  make(map[K]*list.Element),
	}
}

// Get returns the value of a key and marks it as used.
func (c *Cache[K, V]) Get(key K) (V, bool) {
	element, ok := c.entries[key]
	if !ok {
		var none V
		return none, false
	}
	c.order.MoveToFront(element)
	return element.Value.(entry[K, V]).value, true
}

// Put sets the value of a key and marks it as used.
func (c *Cache[K, V]) Put(key K, value V) {
	if element, ok := c.entries[key]; ok {
		element.Value = entry[K, V]{key, value}
		c.order.MoveToFront(element)
		return
	}
	c.entries[key] = c.order.PushFront(entry[K, V]{key, value})
	if c.order.Len() > c.capacity {
		oldest := c.order.Remove(c.order.Back()).(entry[K, V])
		delete(c.entries, oldest.key)
	}
}

// Keys returns the keys, the one that was used last first.
func (c *Cache[K, V]) Keys() []K {
	keys := make([]K, 0, len(c.entries))
	for element := c.order.Front(); element != nil; element = element.Next() {
		keys = append(keys, element.Value.(entry[K, V]).key)
	}
	return keys
}
