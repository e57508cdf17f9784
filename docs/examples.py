# SPDX-License-Identifier: Apache-2.0
"""examples.py NIXIE: the commands after "    $ " in README.md and docs/ (and bare "    curl" to this machine) are run in a fresh directory, page by page and in their order, and print what the page says.

In a page "..." stands for whatever comes there (in a line of its own: for any lines); moments, digests and login names are alike. Each page has what its examples start from below. Commands
in LEFT_OUT are not run, with the reason; a page that has examples and no start here is a fault, so nothing is left out unseen."""
import json, os, re, shutil, subprocess, sys, tempfile, time
nixie, source = os.path.abspath(sys.argv[1]), os.environ["NIXIE_SOURCE"]
failures = 0

LEFT_OUT = {
    "docs/http.md": {"nixie token create": "the rest of the page is without a token: tests/http/tokens.sh", "curl -H 'Authorization: Bearer nx_4vY...'": "another host"},
    "docs/lists.md": {"nixie clean -o mailable.txt list.txt": "a million lines, on a terminal", "nixie import --cause mailbox_unknown entries.txt": "the same"},
    "docs/operations.md": {"nixie ingest --log postfix --sent --follow": "runs until it is stopped",
                           **{text: "an outage takes hours: tests/http/holds.sh" for text in ("nixie holds", "nixie check user100", "nixie history user0", "nixie stats --by remote")}},
}

def bounce(address, text="550 5.1.1 User unknown", status="5.1.1", number=0):
    return f"""From: MAILER-DAEMON@mx.example.org
To: bounces@example.com
Subject: Undelivered Mail Returned to Sender
Message-ID: <{address}.{number}@mx.example.org>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.{address.partition("@")[2]}

Final-Recipient: rfc822; {address}
Action: failed
Status: {status}
Diagnostic-Code: smtp; {text}

--b--
"""

class Scene:
    """A directory with a database and settings of its own, and the corpus; serve() starts the daemon, whose port the examples' 8725 stands for."""
    def __init__(self):
        self.at, self.server, self.port = tempfile.mkdtemp(), None, None
        os.symlink(os.path.join(source, "corpus"), os.path.join(self.at, "corpus"))
        os.mkdir(os.path.join(self.at, "rules")); os.mkdir(os.path.join(self.at, "bin")); os.symlink(nixie, os.path.join(self.at, "bin", "nixie"))
        self.put("nixie.conf", f"[patterns]\nlocal = {self.at}/rules\n")
        self.env = dict(os.environ, HOME=self.at, NIXIE_CONFIG=f"{self.at}/nixie.conf", NIXIE_DB=f"{self.at}/nixie.db", PATH=f"{self.at}/bin:{os.environ['PATH']}", LC_ALL="C.UTF-8")
    def put(self, name, text):
        with open(os.path.join(self.at, name), "w") as file: file.write(text)
    def run(self, command):
        if self.port: command = command.replace("127.0.0.1:8725", f"127.0.0.1:{self.port}")
        done = subprocess.run(["sh", "-c", command], cwd=self.at, env=self.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=100)
        return done.stdout.replace(f"{self.at}/rules", "/etc/nixie/rules")
    def ingest(self, *bounces):
        for i, text in enumerate(bounces):
            self.put(f"{i}.eml", text)
            self.run(f"nixie ingest {i}.eml")
    def serve(self):
        self.log = open(os.path.join(self.at, "log"), "w+")
        self.server = subprocess.Popen([nixie, "serve", "--listen", "127.0.0.1:0"], env=self.env, stderr=self.log)
        for _ in range(400):
            found = re.search(r"listening .*port=(\d+)", open(self.log.name).read())
            if found: self.port = found[1]; return
            time.sleep(0.05)
        sys.exit("the daemon does not start: " + open(self.log.name).read())
    def end(self):
        if self.server: self.server.terminate(); self.server.wait(60); self.log.close()
        shutil.rmtree(self.at)

SENDGRID = [{"created": 1767225600, "email": "gone@example.net", "reason": "550 5.1.1 no such user", "status": "5.1.1"},
            {"created": 1769904000, "email": "Old.Friend@Example.org", "reason": "550 5.1.1 user unknown", "status": "5.1.1"},
            {"created": 1769904001, "email": "not an address", "reason": "", "status": ""}]

def lists(scene):
    scene.put("bounces.json", json.dumps(SENDGRID))
    scene.put("bounces.csv", "status,reason,email,created\n5.1.1,550 5.1.1 no such user,old@example.net,1767225600\nblocked,550 5.7.1 blocked using a list,fine@example.net,1767225600\n")
    scene.put("spam.csv", "ip,email,created\n192.0.2.1,angry@example.com,1768000000\n")
    scene.put("unsubscribes.csv", "email,created\nleft@example.org,1768500000\n")
    scene.put("members.csv", "Id;E-Mail;Name\n1;alice@example.net;Alice\n2;GONE@example.net;Bob\n3;info@gmial.com;Shop\n4;left@example.org;Carol\n5;nobody;Dan\n6;alice@example.net;Alice again\n")

def cleaned(scene):
    lists(scene)
    scene.run("nixie import --from sendgrid bounces.json; nixie import --from sendgrid --cause unsubscribe unsubscribes.csv")

def before(scene, page, command):
    """What `rules replay` and `history` are shown on: two of six reports that nobody could explain, then a rule for them."""
    if page == "docs/operations.md" and command.startswith("nixie rules replay --since 30d --apply") and "--yes" not in command:
        for name in os.listdir(scene.at):
            if name.startswith("nixie.db"): os.remove(os.path.join(scene.at, name))
        scene.ingest(*[bounce(f"known{i}@example.com") for i in range(4)], *[bounce(f"{who}@example.org", "550 5.0.0 No such pigeon-hole here", "5.0.0") for who in ("pat", "sam")])
        group = scene.run("nixie triage | sed -n 's/^\\([0-9a-f]\\{12\\}\\) .*/\\1/p'").strip()
        scene.run(f"nixie triage install {group} --cause mailbox_unknown")

def reported(scene):
    scene.put("bounce.eml", bounce("user@example.net"))
    scene.serve()

def unexplained(scene):
    scene.ingest(bounce("known@example.net"), *[bounce(f"{who}@example.{top}", f"550 5.0.0 Parcel of {who}@example.{top} went home: locker is stuffed (id=4XyZ9abc{n})", "5.0.0")
                                                for n, (who, top) in enumerate((("some.body", "org"), ("a.person", "org"), ("ann.other", "net")), 1)])

STARTS = {"README.md": reported, "docs/http.md": reported, "docs/lists.md": cleaned, "docs/operations.md": lists, "docs/rules.md": unexplained}

def blocks(text):
    """(line, command, lines that it prints) of each example."""
    command = None
    for number, line in enumerate(text.split("\n") + ["end"], 1):
        if line.startswith("    $ "):
            if command: yield at, command, said
            at, command, said = number, line[6:], []
        elif command and (line.startswith("    ") or line == ""): said.append(line[4:])
        elif command: yield at, command, said; command = None

def pattern(said):
    """The page's lines as an expression: "..." is anything."""
    out = ""
    for line in "\n".join(said).rstrip("\n").split("\n"):
        out += "(?:.*\n)*" if line == "..." else re.escape(plain(line)).replace(r"\.\.\.", ".*") + r" *\n"
    return out

def plain(text):
    text = re.sub(r"\bby [a-z0-9_-]+ \(", "by WHO (", re.sub(r"\b[0-9a-f]{12}\b", "DIGEST", text))
    text = re.sub(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\dZ)?", "WHEN", text)
    return re.sub(r" +(# .*)?$", "", text, flags=re.M)

def fault(page, at, what):
    global failures
    print(f"{page}:{at}: {what}"); failures += 1

pages = ["README.md"] + sorted(f"docs/{name}" for name in os.listdir(os.path.join(source, "docs")) if name.endswith(".md"))
for page in pages:
    with open(os.path.join(source, page)) as file: text = file.read()
    examples = list(blocks(text))
    if not examples: continue
    if page not in STARTS: fault(page, examples[0][0], "has examples, and docs/examples.py no start for them"); continue
    scene = Scene()
    STARTS[page](scene)
    for at, command, said in examples:
        if any(command.startswith(text) for text in LEFT_OUT.get(page, ())): continue
        before(scene, page, command)
        printed = scene.run(command)
        if not re.fullmatch(pattern(said), plain(printed) if printed else "\n"):
            fault(page, at, f"$ {command}\n  prints\n" + printed + "  and not\n" + "\n".join(said))
    for at, line in enumerate(text.split("\n"), 1): # requests without an answer beside them
        if line.startswith("    curl ") and "127.0.0.1:8725" in line and not scene.run(line.replace("curl", "curl -sS --fail", 1)).startswith("{"):
            fault(page, at, "fails: " + line)
    scene.end()
sys.exit(failures > 0)
