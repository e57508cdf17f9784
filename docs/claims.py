# SPDX-License-Identifier: Apache-2.0
"""claims.py NIXIE: lists in the documents that the code has too are whole: rooms, tables of the store, limits with their defaults, keys of formats."""
import glob, os, re, subprocess, sys
nixie, source = sys.argv[1], os.environ["NIXIE_SOURCE"]
failures = 0
def read(path):
    with open(os.path.join(source, path)) as file: return file.read()
def lacks(page, what):
    global failures
    print(f"{page} lacks {what}"); failures += 1

architecture = read("docs/architecture.md")
for room in sorted(glob.glob(os.path.join(source, "src", "*", ""))):
    name = "src/" + os.path.basename(room.rstrip("/"))
    if f"| `{name}` |" not in architecture: lacks("architecture.md", f"the room {name}")
shown = subprocess.run([nixie, "config", "show", "--config", "/dev/null"], capture_output=True, text=True, check=True).stdout
limits = re.search(r"^\[limits\]\n(.*?)^$", shown, re.M | re.S)[1]
for key, value in re.findall(r"^(\w+) = (\w+)", limits, re.M):
    said = re.sub(r"(\d)([km])$", lambda m: f"{m[1]} {dict(k='KiB', m='MiB')[m[2]]}", value)
    if f"| `{key}` | {said} |" not in architecture: lacks("architecture.md", f"the limit {key} = {said}")
store = read("docs/store.md")
tables = {name for path in glob.glob(os.path.join(source, "src/store/sqlite/*.c")) for name in re.findall(r'"CREATE TABLE ((?!nx_)\w+)', open(path).read())}
for name in sorted(tables):
    if f"`{name}`" not in store: lacks("store.md", f"the table {name}")
formats = read("docs/formats.md")
for key in re.findall(r'^    \{"([a-z-]+)", NX_LINE_', read("src/parse/format.c"), re.M):
    if not re.search(rf"[`( ]{key}[` )]", formats): lacks("formats.md", f"the key {key}")
sys.exit(failures > 0)
