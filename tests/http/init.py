# SPDX-License-Identifier: Apache-2.0
"""What systemd does: sockets by socket activation (HTTP and LMTP, by name), READY=1, WATCHDOG=1 again and again, RELOADING=1, STOPPING=1; a socket's own name without names."""
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

nixie, failures = os.environ["NIXIE"], 0


def check(good, what):
    global failures
    if not good:
        failures += 1
        print("FAIL:", what)


def listener(family, address):
    s = socket.socket(family)
    s.bind(address)
    s.listen(16)
    return s


def start(directory, sockets, names, **extra):
    """The sockets as descriptors 3 and up, as sd_listen_fds(3) has it."""
    fds = [s.fileno() for s in sockets]
    script = "import os, sys; e = dict(os.environ, LISTEN_PID=str(os.getpid())); os.execve(sys.argv[1], sys.argv[1:], e)"
    environment = dict(os.environ, NIXIE_CONFIG="/dev/null", NIXIE_DB=directory + "/n.db", LISTEN_FDS=str(len(fds)), **extra)
    if names:
        environment["LISTEN_FDNAMES"] = ":".join(names)

    def place():
        high = [os.dup2(fd, 100 + i) for i, fd in enumerate(fds)]
        for i, fd in enumerate(high):
            os.dup2(fd, 3 + i)
            os.set_inheritable(3 + i, True)
            os.close(fd)

    return subprocess.Popen([sys.executable, "-c", script, nixie, "serve"], env=environment, preexec_fn=place, close_fds=False, stderr=open(directory + "/log", "a"))


def wait_for(notify, word, seconds=30):
    end, seen = time.time() + seconds, []
    while time.time() < end:
        notify.settimeout(max(end - time.time(), 0.01))
        try:
            seen.append(notify.recv(4096).decode())
        except socket.timeout:
            break
        if word in seen[-1]:
            return seen[-1]
    check(False, "%s never came, but %s" % (word, seen))
    return ""


with tempfile.TemporaryDirectory() as directory:
    notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    notify.bind(directory + "/notify")
    http, lmtp = listener(socket.AF_INET, ("127.0.0.1", 0)), listener(socket.AF_UNIX, directory + "/lmtp.sock")
    url = "http://127.0.0.1:%d" % http.getsockname()[1]
    for sockets, names in (([lmtp, http], ["lmtp", "http"]), ([http], [])):
        server = start(directory, sockets, names, NOTIFY_SOCKET=directory + "/notify", WATCHDOG_USEC="400000")
        try:
            # Who connects before it is up waits and is answered.
            check(json.load(urllib.request.urlopen(url + "/readyz", timeout=30))["status"] == "ready", "/readyz over the given socket")
            wait_for(notify, "READY=1")
            wait_for(notify, "WATCHDOG=1")
            wait_for(notify, "WATCHDOG=1")
            server.send_signal(signal.SIGHUP)
            check("MONOTONIC_USEC=" in wait_for(notify, "RELOADING=1"), "the time of a reload (Type=notify-reload)")
            wait_for(notify, "READY=1")
            if names:
                client = socket.socket(socket.AF_UNIX)
                client.settimeout(30)
                client.connect(directory + "/lmtp.sock")
                check(b"220" in client.recv(100), "LMTP over the given socket")
                client.close()
            server.send_signal(signal.SIGTERM)
            wait_for(notify, "STOPPING=1")
            check(server.wait(30) == 0, "exit")
            check(os.path.exists(directory + "/lmtp.sock"), "a given socket's path is not the daemon's to remove")
        finally:
            if server.poll() is None:
                server.kill()
                server.wait()
    # The same by systemd's own program, which starts the daemon at the first connection.
    activate = shutil.which("systemd-socket-activate")
    if activate is None:
        print("without systemd-socket-activate")
    else:
        free = listener(socket.AF_INET, ("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        settings = ["NIXIE_CONFIG=/dev/null", "NIXIE_DB=" + directory + "/n.db"] + [name for name in os.environ if name == "G_SLICE" or name.endswith("SAN_OPTIONS")]
        server = subprocess.Popen([activate, "-l", "127.0.0.1:%d" % port, "-l", directory + "/own.sock", "--fdname=http:lmtp", *("--setenv=" + setting for setting in settings), nixie, "serve"], stderr=open(directory + "/log", "a"))
        try:
            for _ in range(600):
                if os.path.exists(directory + "/own.sock"):
                    break
                time.sleep(0.05)
            client = socket.socket(socket.AF_UNIX)
            client.settimeout(60)
            client.connect(directory + "/own.sock")
            check(b"220" in client.recv(100), "LMTP by systemd-socket-activate")
            client.close()
            check(json.load(urllib.request.urlopen("http://127.0.0.1:%d/readyz" % port, timeout=60))["status"] == "ready", "HTTP by systemd-socket-activate")
            server.terminate()
            check(server.wait(30) == 0, "exit under systemd-socket-activate")
        finally:
            if server.poll() is None:
                server.kill()
                server.wait()
    if failures:
        print(open(directory + "/log").read())
sys.exit(failures > 0)
