package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
)

// serve listens on a port of the loopback, says so, and serves every connection as its first byte asks.
func serve(a []string) error {
	listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: number(a[0])})
	if err != nil {
		return err
	}
	fmt.Println("listening")
	for {
		conn, err := listener.AcceptTCP()
		if err != nil {
			return err
		}
		go func() {
			defer conn.Close()
			var wish [1]byte
			if _, err := io.ReadFull(conn, wish[:]); err == nil {
				if do := wishes[wish[0]]; do != nil {
					do(conn)
				}
			}
		}()
	}
}

var wishes = map[byte]func(conn *net.TCPConn){
	// echo
	'e': func(conn *net.TCPConn) { _, _ = io.Copy(conn, conn) },
	// upper case, once everything has come
	'u': func(conn *net.TCPConn) {
		if all, err := io.ReadAll(conn); err == nil {
			_, _ = conn.Write(bytes.ToUpper(all))
		}
	},
	// send so many megabytes (4 bytes)
	's': func(conn *net.TCPConn) {
		var megabytes [4]byte
		if _, err := io.ReadFull(conn, megabytes[:]); err != nil {
			return
		}
		block := make([]byte, 1<<20)
		for range binary.BigEndian.Uint32(megabytes[:]) {
			if _, err := conn.Write(block); err != nil {
				return
			}
		}
	},
	// take everything, and say how much it was (8 bytes)
	't': func(conn *net.TCPConn) {
		block := make([]byte, 256<<10)
		total := uint64(0)
		for {
			n, err := conn.Read(block)
			total += uint64(n)
			if err != nil {
				break
			}
		}
		_, _ = conn.Write(binary.BigEndian.AppendUint64(nil, total))
	},
	// reset
	'r': func(conn *net.TCPConn) { _ = conn.SetLinger(0) },
}
