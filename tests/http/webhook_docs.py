# SPDX-License-Identifier: Apache-2.0
"""What docs/webhooks.md tells people to do works: every settings block (```ini) and every command (```sh), against a running server. Standard library alone."""
import json, os, re, subprocess, sys, tempfile, time

SOURCE, NIXIE = os.environ["NIXIE_SOURCE"], os.environ["NIXIE"]
T = tempfile.mkdtemp()
page = open(SOURCE + "/docs/webhooks.md").read()
settings, commands = re.findall(r"```ini\n(.*?)```", page, re.S), re.findall(r"```sh\n(.*?)```", page, re.S)
open(T + "/conf", "w").write("\n".join(settings))
failures = 0
if len(settings) != 22 or len(commands) != 22:
    failures += 1
    print(f"FAIL: {len(settings)} settings, {len(commands)} commands, not 22")
check = subprocess.run([NIXIE, "config", "check", "--config", T + "/conf"], capture_output=True, text=True)
if check.returncode != 0:
    failures += 1
    print("FAIL:", check.stderr)
log = open(T + "/log", "w")
server = subprocess.Popen([NIXIE, "serve", "--listen", "127.0.0.1:0", "--config", T + "/conf", "--db", T + "/n.db"], stderr=log)
for _ in range(200):
    if " listening " in open(T + "/log").read():
        break
    time.sleep(0.05)
port = open(T + "/log").read().split("port=")[1].split()[0]
try:
    for command in commands:
        done = subprocess.run(["sh", "-eu", "-c", command.replace("curl ", "curl -sS --max-time 10 ").replace(":8725/", f":{port}/")], cwd=SOURCE, capture_output=True, text=True)
        try:
            good = done.returncode == 0 and json.loads(done.stdout)["new"] > 0
        except (ValueError, KeyError):
            good = False
        if not good:
            failures += 1
            print("FAIL:", command, done.stdout, done.stderr)
finally:
    server.terminate()
    server.wait(10)
print(f"{len(commands)} commands")
subprocess.run(["rm", "-rf", T])
sys.exit(1 if failures else 0)
