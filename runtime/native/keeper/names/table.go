package names

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"sync"
)

// MaxNames is how many names a sandbox may ask for in its life. They are never forgotten: a program may keep an address for
// as long as it likes.
const MaxNames = 65_000

// firstIndex leaves out the addresses that programs may take for a network's own.
const firstIndex = 2

var (
	block4 = netip.MustParsePrefix("198.18.0.0/16")
	block6 = netip.MustParsePrefix("fd53:616e:6462:1::/64")
)

// Synthetic says whether the address is of the kind that stands for a name, known or not.
func Synthetic(address netip.Addr) bool {
	return block4.Contains(address) || block6.Contains(address)
}

// Table gives out addresses for names. Its methods may be called from any goroutine.
type Table struct {
	mutex   sync.Mutex
	indexes map[string]uint32
	names   []string
}

// NewTable is an empty table.
func NewTable() *Table { return &Table{indexes: map[string]uint32{}} }

// Addresses are the two addresses that stand for the name, always the same ones. It is an error if all are given out.
func (t *Table) Addresses(name string) (v4, v6 netip.Addr, err error) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	index, known := t.indexes[name]
	if !known {
		if len(t.names) >= MaxNames {
			return v4, v6, fmt.Errorf("the sandbox has asked for %d names, which is the limit", MaxNames)
		}
		index = uint32(len(t.names)) + firstIndex
		t.indexes[name] = index
		t.names = append(t.names, name)
	}
	first := block4.Addr().As4()
	binary.BigEndian.PutUint32(first[:], binary.BigEndian.Uint32(first[:])+index)
	second := block6.Addr().As16()
	binary.BigEndian.PutUint32(second[12:], index)
	return netip.AddrFrom4(first), netip.AddrFrom16(second), nil
}

// Name is the name that the address stands for.
func (t *Table) Name(address netip.Addr) (string, bool) {
	index, ok := indexOf(address)
	if !ok {
		return "", false
	}
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if index < firstIndex || index-firstIndex >= uint32(len(t.names)) {
		return "", false
	}
	return t.names[index-firstIndex], true
}

func indexOf(address netip.Addr) (uint32, bool) {
	switch {
	case block4.Contains(address):
		bytes := address.As4()
		return uint32(binary.BigEndian.Uint16(bytes[2:])), true
	case block6.Contains(address):
		bytes := address.As16()
		return binary.BigEndian.Uint32(bytes[12:]), binary.BigEndian.Uint32(bytes[8:]) == 0
	default:
		return 0, false
	}
}
