"""A terminal with a program on it: terminal.py ROWS COLUMNS PROGRAM ARGUMENT...

Reads what to do from stdin, a line each: "type TEXT" (with escapes as in Python), "resize ROWS COLUMNS", "signal NUMBER".
Shows what the program prints, and at last a line with its exit code and whether it left the terminal as it was.
"""

import fcntl
import os
import pty
import select
import struct
import sys
import termios
import threading

master, slave = pty.openpty()


def resize(rows, columns):
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", int(rows), int(columns), 0, 0))


def show():
    while select.select([master], [], [], 0.1)[0]:
        sys.stdout.buffer.write(os.read(master, 65536))
        sys.stdout.buffer.flush()


resize(sys.argv[1], sys.argv[2])
before = termios.tcgetattr(slave)
program = os.fork()
if program == 0:
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    for number in range(3):
        os.dup2(slave, number)
    os.close(master)
    os.close(slave)
    os.execvp(sys.argv[3], sys.argv[3:])


def obey():
    for line in sys.stdin:
        what, _, rest = line.rstrip("\n").partition(" ")
        if what == "type":
            os.write(master, rest.encode().decode("unicode_escape").encode())
        elif what == "resize":
            resize(*rest.split())
        elif what == "signal":
            os.kill(program, int(rest))


threading.Thread(target=obey, daemon=True).start()
while True:
    show()
    ended, status = os.waitpid(program, os.WNOHANG)
    if ended:
        break
show()
restored = termios.tcgetattr(slave) == before
print("[ended with %d, terminal %s]" % (os.waitstatus_to_exitcode(status), "restored" if restored else "changed"), flush=True)
os._exit(0)
