package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strconv"
	"time"
)

// What a client asks a server for, in the first byte of a connection.
const (
	wantSink  = 's' // read to the end, then answer one byte
	wantFlood = 'f' // 8 bytes follow, the number of bytes to send
	wantEcho  = 'e' // send back every byte
)

// serve answers clients at an address until its stdin ends, and prints the address first.
func serve(address string) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	if _, err := fmt.Println(listener.Addr()); err != nil {
		return err
	}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				if err := answer(conn); err != nil && !errors.Is(err, io.EOF) {
					fmt.Fprintln(os.Stderr, "probe:", err)
				}
			}()
		}
	}()
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

func answer(conn net.Conn) error {
	var request [9]byte
	if _, err := io.ReadFull(conn, request[:1]); err != nil {
		return err
	}
	switch request[0] {
	case wantSink:
		buffer := make([]byte, 256<<10)
		for {
			if _, err := conn.Read(buffer); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				return err
			}
		}
		_, err := conn.Write([]byte{0})
		return err
	case wantFlood:
		if _, err := io.ReadFull(conn, request[1:]); err != nil {
			return err
		}
		return pour(conn, int64(binary.BigEndian.Uint64(request[1:])))
	case wantEcho:
		buffer := make([]byte, 4<<10)
		for {
			n, err := conn.Read(buffer)
			if err != nil {
				return err
			}
			if _, err := conn.Write(buffer[:n]); err != nil {
				return err
			}
		}
	}
	return fmt.Errorf("a client asked for %q", request[0])
}

// send prints how many MiB/s a server took.
func send(address string, n int64) error {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.Write([]byte{wantSink}); err != nil {
		return err
	}
	began := time.Now()
	if err := pour(conn, n); err != nil {
		return err
	}
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		return err
	}
	if _, err := io.ReadFull(conn, make([]byte, 1)); err != nil {
		return err
	}
	printRate(n, began)
	return nil
}

// receive prints how many MiB/s a server gave.
func receive(address string, n int64) error {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	began := time.Now()
	if _, err := conn.Write(binary.BigEndian.AppendUint64([]byte{wantFlood}, uint64(n))); err != nil {
		return err
	}
	buffer := make([]byte, 256<<10)
	var got int64
	for got < n {
		read, err := conn.Read(buffer)
		if err != nil {
			return fmt.Errorf("after %d of %d bytes: %w", got, n, err)
		}
		got += int64(read)
	}
	printRate(n, began)
	return nil
}

func printRate(n int64, began time.Time) {
	fmt.Printf("%.1f\n", float64(n)/(1<<20)/time.Since(began).Seconds())
}

// ping prints the median microseconds that a byte took to a server and back, on one connection.
func ping(address string, times int) error {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.Write([]byte{wantEcho}); err != nil {
		return err
	}
	took := make([]time.Duration, times)
	for i := range took {
		began := time.Now()
		if err := pingOnce(conn); err != nil {
			return err
		}
		took[i] = time.Since(began)
	}
	slices.Sort(took)
	fmt.Printf("%.1f\n", float64(took[times/2].Nanoseconds())/1e3)
	return nil
}

func pingOnce(conn net.Conn) error {
	var b [1]byte
	if _, err := conn.Write(b[:]); err != nil {
		return err
	}
	_, err := io.ReadFull(conn, b[:])
	return err
}

// knock connects so often in a row, with a byte there and back each time, and prints connections per second and the
// milliseconds that the slowest took.
func knock(address string, times int) error {
	var slowest time.Duration
	began := time.Now()
	for i := range times {
		started := time.Now()
		if err := knockOnce(address); err != nil {
			return fmt.Errorf("connection %d: %w", i+1, err)
		}
		slowest = max(slowest, time.Since(started))
	}
	fmt.Printf("%.1f\n%.1f\n", float64(times)/time.Since(began).Seconds(), float64(slowest.Microseconds())/1e3)
	return nil
}

func knockOnce(address string) error {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.Write([]byte{wantEcho}); err != nil {
		return err
	}
	return pingOnce(conn)
}

// hold keeps so many connections open at once, has a byte go there and back on each, twice, and prints their number.
func hold(address string, count int) error {
	failures := make(chan error, count)
	conns := make(chan net.Conn, count)
	for range count {
		go func() {
			conn, err := net.Dial("tcp", address)
			if err == nil {
				_, err = conn.Write([]byte{wantEcho})
			}
			if err == nil {
				err = pingOnce(conn)
			}
			if err == nil {
				conns <- conn
			}
			failures <- err
		}()
	}
	for range count {
		if err := <-failures; err != nil {
			return err
		}
	}
	close(conns)
	held := 0
	for conn := range conns {
		if err := pingOnce(conn); err != nil {
			return fmt.Errorf("the second time: %w", err)
		}
		held++
	}
	fmt.Println(held)
	return nil
}

// network does what has to do with connections; false if the command is none of that.
func network(args []string) (bool, error) {
	if args[0] == "serve" {
		return true, serve(args[1])
	}
	if len(args) != 3 {
		return false, nil
	}
	n, err := strconv.ParseInt(args[2], 10, 64)
	if err != nil {
		return false, nil
	}
	switch args[0] {
	case "send":
		return true, send(args[1], n)
	case "receive":
		return true, receive(args[1], n)
	case "ping":
		return true, ping(args[1], int(n))
	case "knock":
		return true, knock(args[1], int(n))
	case "hold":
		return true, hold(args[1], int(n))
	}
	return false, nil
}
