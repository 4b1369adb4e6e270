package main

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"syscall"
)

// raw sends packets that no program should, of every kind and in numbers.
func raw(a []string) error {
	four, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_RAW, syscall.IPPROTO_RAW)
	if err != nil {
		return err
	}
	six, err := syscall.Socket(syscall.AF_INET6, syscall.SOCK_RAW, syscall.IPPROTO_RAW)
	if err != nil {
		return err
	}
	random := rand.New(rand.NewPCG(1, 2))
	sent := 0
	for i := range number(a[0]) {
		p := packetV4(random, i)
		if syscall.Sendto(four, p, 0, &syscall.SockaddrInet4{Addr: [4]byte(p[16:20])}) == nil {
			sent++
		}
		body := make([]byte, random.IntN(100))
		for j := range body {
			body[j] = byte(random.Uint32())
		}
		p = packetV6(random, body)
		if syscall.Sendto(six, p, 0, &syscall.SockaddrInet6{Addr: [16]byte(p[24:40])}) == nil {
			sent++
		}
	}
	fmt.Println("sent", sent)
	return nil
}

func packetV4(random *rand.Rand, i int) []byte {
	options := random.IntN(3) * 4
	p := make([]byte, 20+options+random.IntN(80))
	for j := 20; j < len(p); j++ {
		p[j] = byte(random.Uint32())
	}
	p[0] = 0x40 | byte((20+options)/4)
	binary.BigEndian.PutUint16(p[2:], uint16(len(p)))
	binary.BigEndian.PutUint16(p[4:], uint16(i))
	switch random.IntN(4) {
	case 0:
		binary.BigEndian.PutUint16(p[6:], uint16(random.Uint32())) // fragments
	case 1:
		binary.BigEndian.PutUint16(p[6:], 0x2000) // a first one, whose others never come
	}
	p[8] = 64
	p[9] = []byte{1, 2, 6, 17, 6, 17, 47, 132, byte(random.Uint32())}[random.IntN(9)]
	copy(p[12:], []byte{198, 19, 255, 2})
	if random.IntN(8) == 0 {
		copy(p[12:], []byte{203, 0, 113, byte(random.Uint32())})
	}
	copy(p[16:], [][]byte{
		{198, 18, 0, 7}, {198, 19, 255, 1}, {224, 0, 0, 251}, {255, 255, 255, 255}, {198, 18, byte(random.Uint32()), byte(random.Uint32())},
	}[random.IntN(5)])
	return p
}

func packetV6(random *rand.Rand, body []byte) []byte {
	p := make([]byte, 40, 40+len(body))
	p[0] = 0x60
	binary.BigEndian.PutUint16(p[4:], uint16(len(body)))
	p[6] = []byte{0, 6, 17, 43, 44, 58, 59, 60, byte(random.Uint32())}[random.IntN(9)]
	p[7] = 64
	source := []byte{0xfd, 0x53, 0x61, 0x6e, 0x64, 0x62, 15: 2}
	copy(p[8:], source)
	source[7], source[15] = 1, byte(random.Uint32())
	copy(p[24:], source)
	if random.IntN(8) == 0 {
		copy(p[24:40], []byte{10: 0xff, 11: 0xff, 12: 10, 15: 1})
	}
	return append(p, body...)
}
