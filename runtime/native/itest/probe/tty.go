package main

import (
	"bufio"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// tty tells what the terminal is like, line by line of its input.
func tty([]string) error {
	lines := bufio.NewScanner(os.Stdin)
	for {
		_, err := unix.IoctlGetTermios(0, unix.TCGETS)
		size, sizeErr := unix.IoctlGetWinsize(1, unix.TIOCGWINSZ)
		if err != nil || sizeErr != nil {
			return fmt.Errorf("no terminal: %v, %v", err, sizeErr)
		}
		fmt.Fprintln(os.Stderr, "terminal", size.Row, size.Col)
		if !lines.Scan() {
			fmt.Println("end of input")
			return lines.Err()
		}
	}
}
