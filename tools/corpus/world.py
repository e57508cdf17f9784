#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The mail world that an MTA of the lab sees: a name server and many mail hosts, all on the loopback interface.

Usage: world.py TABLES OUT     (inside a network namespace of its own; see lab.sh)

TABLES/hosts.tsv    every mail host: address, name, EHLO keywords, what it does at connect
TABLES/zones.tsv    DNS records beyond the hosts' own: name, type, data (MX, A, AAAA, TXT, SERVFAIL, HANG)
TABLES/replies.tsv  what a host answers: recipient or @domain, stage (mail rcpt data eod), reply
TABLES/senders      made by lab.sh: sender address, and the name under which what comes back is kept

Mail for a known sender address is written to OUT/NAME.eml (a delay notice to NAME-delayed.eml, a success report to
NAME-delivered.eml, a second one of a kind to ...-2.eml), with the Return-Path and
Received fields that a final delivery adds. Standard library only.
"""
import asyncio
import os
import re
import socket
import struct
import sys
import time

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28}
PLAIN_KEYWORDS = "PIPELINING,SIZE 52428800,8BITMIME,ENHANCEDSTATUSCODES"
MAIL_HOST = "mail.example.com"


def rows(path):
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            line = line.rstrip("\n")
            if line and not line.startswith("#"):
                yield line.split("\t")


# --- names -------------------------------------------------------------------------------------------------------------

def wire_name(name):
    out = b""
    for label in name.rstrip(".").split("."):
        if label:
            raw = label.encode("ascii")
            out += bytes([len(raw)]) + raw
    return out + b"\0"


class Names:
    """A name server for the example domains; every other name does not exist."""

    def __init__(self, hosts, zones):
        self.records = {}
        for host in hosts:
            address, name = host["address"], host["name"]
            self.add(name, "AAAA" if ":" in address else "A", address)
            if ":" not in address:
                self.add(".".join(reversed(address.split("."))) + ".in-addr.arpa", "PTR", name)
        for name, kind, data in zones:
            self.add(name, kind, data)

    def add(self, name, kind, data):
        self.records.setdefault(name.lower().rstrip("."), []).append((kind, data))

    def answer(self, query):
        ident, flags, count = struct.unpack(">HHH", query[:6])
        at, labels = 12, []
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode("latin-1"))
            at += 1 + query[at]
        question = query[12:at + 5]
        wanted = struct.unpack(">H", query[at + 1:at + 3])[0]
        name = ".".join(labels).lower()
        known = self.records.get(name)
        if known is None:
            below = any(other.endswith("." + name) for other in self.records)
            return struct.pack(">HHHHHH", ident, 0x8580 if below else 0x8583, 1, 0, 0, 0) + question
        kinds = [kind for kind, _ in known]
        if "HANG" in kinds:
            return None
        if "SERVFAIL" in kinds:
            return struct.pack(">HHHHHH", ident, 0x8582, 1, 0, 0, 0) + question
        out = []
        for kind, data in known:
            if TYPES.get(kind) != wanted:
                continue
            if kind == "A":
                raw = socket.inet_aton(data)
            elif kind == "AAAA":
                raw = socket.inet_pton(socket.AF_INET6, data)
            elif kind == "MX":
                preference, target = data.split()
                raw = struct.pack(">H", int(preference)) + wire_name(target)
            elif kind == "TXT":
                raw = bytes([len(data)]) + data.encode()
            else:
                raw = wire_name(data)
            out.append(b"\xc0\x0c" + struct.pack(">HHIH", wanted, 1, 300, len(raw)) + raw)
        return struct.pack(">HHHHHH", ident, 0x8580, 1, len(out), 0, 0) + question + b"".join(out)


class NamesOverUdp(asyncio.DatagramProtocol):
    def __init__(self, names):
        self.names = names

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, addr):
        answer = self.names.answer(data)
        if answer:
            self.transport.sendto(answer, addr)


async def names_over_tcp(names, reader, writer):
    try:
        while True:
            size = struct.unpack(">H", await reader.readexactly(2))[0]
            answer = names.answer(await reader.readexactly(size))
            if answer:
                writer.write(struct.pack(">H", len(answer)) + answer)
                await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


# --- mail hosts --------------------------------------------------------------------------------------------------------

class Hangup(Exception):
    pass


class World:
    def __init__(self, tables, out):
        self.out = out
        self.replies, self.senders = {}, {}
        for who, stage, reply in rows(os.path.join(tables, "replies.tsv")):
            self.replies.setdefault(who.lower(), {})[stage] = reply
        for sender, name in rows(os.path.join(tables, "senders")):
            self.senders[sender.lower()] = name

    def reply_for(self, address, stage):
        address = address.lower()
        for key in (address, "@" + address.rpartition("@")[2]):
            if stage in self.replies.get(key, {}):
                return self.replies[key][stage]
        return None

    @staticmethod
    def suffix(body):
        """What tells the delay notice or the success report of a message from its failure report."""
        head = body.lower().partition(b"\r\n\r\n")[0]
        if b"\naction: delayed" in body.lower() or re.search(rb"subject:[^\n]*(warning|delayed|could not send message for past)", head):
            return "-delayed"
        return "-delivered" if re.search(rb"\naction: (delivered|relayed|expanded)", body.lower()) else ""

    def keep(self, sender, recipient, host, peer, body):
        name = self.senders.get(recipient.lower())
        if name is None:
            return False
        name += self.suffix(body)
        path, n = os.path.join(self.out, name + ".eml"), 1
        while os.path.exists(path):
            n += 1
            path = os.path.join(self.out, "%s-%d.eml" % (name, n))
        stamp = time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime())
        head = "Return-Path: <%s>\nReceived: from %s (%s [%s])\n\tby %s with ESMTP; %s\n" % (
            sender, peer["helo"], peer["name"], peer["address"], host["name"], stamp)
        with open(path + ".part", "wb") as file:
            file.write(head.encode() + body.replace(b"\r\n", b"\n"))
        os.rename(path + ".part", path)
        return True


class Session:
    def __init__(self, world, host, reader, writer):
        self.world, self.host, self.reader, self.writer = world, host, reader, writer
        self.peer = {"address": writer.get_extra_info("peername")[0].replace("::ffff:", ""), "name": "unknown", "helo": ""}

    async def say(self, reply, **fields):
        """One reply; a backslash-n parts its lines, hex escapes stand for raw bytes."""
        if reply == "drop":
            raise Hangup
        if reply == "hang":
            await asyncio.sleep(3600)
        fields.setdefault("ip", self.peer["address"])
        fields.setdefault("host", self.host["name"])
        text = reply.replace("{long}", "This text is part of a notice about our acceptable use policy. " * 24)
        for key, value in fields.items():
            text = text.replace("{%s}" % key, value)
        raw = b""
        for part in re.split(r"(\\x[0-9a-f]{2})", text):
            raw += bytes([int(part[2:], 16)]) if part.startswith("\\x") and len(part) == 4 else part.encode("utf-8")
        self.writer.write(raw.replace(b"\\n", b"\r\n") + b"\r\n")
        await self.writer.drain()
        if raw[:3] in (b"421", b"521"):
            raise Hangup

    async def run(self):
        behaviour = self.host["connect"]
        if behaviour and behaviour != "-":
            await self.say(behaviour)
            if behaviour[0] == "5":
                while True:      # RFC 5321 3.1: only QUIT is answered after a 554 greeting
                    line = await self.line()
                    await self.say("221 {host} closing" if line.upper().startswith("QUIT") else "503 5.5.1 bad sequence of commands")
                    if line.upper().startswith("QUIT"):
                        raise Hangup
        else:
            await self.say("220 {host} ESMTP")
        sender, recipients = None, []
        while True:
            line = await self.line()
            verb = line[:4].upper()
            if verb in ("EHLO", "HELO"):
                self.peer["helo"] = self.peer["name"] = line[5:].strip()
                words = [self.host["name"]] + (self.host["keywords"].split(",") if verb == "EHLO" else [])
                await self.say("\\n".join("250%s%s" % ("-" if i < len(words) - 1 else " ", w) for i, w in enumerate(words)))
            elif verb == "MAIL":
                sender, recipients = self.address(line), []
                await self.say(self.world.reply_for("mail@" + self.host["name"], "mail") or "250 2.1.0 Ok", sender=sender)
            elif verb == "RCPT":
                address = self.address(line)
                reply = self.world.reply_for(address, "rcpt") or "250 2.1.5 Ok"
                if self.host["name"] == MAIL_HOST and address.lower() not in self.world.senders:
                    reply = "550 5.1.1 <{rcpt}>: Recipient address rejected: User unknown"
                await self.say(reply, rcpt=address, user=address.rpartition("@")[0], sender=sender or "")
                if reply.startswith("250"):
                    recipients.append(address)
            elif verb == "DATA":
                if not recipients:
                    await self.say("554 5.5.1 Error: no valid recipients")
                    continue
                reply = self.pick(recipients, "data")
                await self.say(reply or "354 End data with <CR><LF>.<CR><LF>", rcpt=recipients[0])
                if reply and not reply.startswith("354"):
                    continue
                body, limit = b"", self.pick(recipients, "limit")
                while True:
                    raw = await self.reader.readline()
                    if not raw:
                        raise Hangup
                    if raw == b".\r\n":
                        break
                    body += raw[1:] if raw.startswith(b".") else raw
                    if limit == "drop" and len(body) > 300:
                        raise Hangup
                for address in recipients:
                    self.world.keep(sender, address, self.host, self.peer, body)
                await self.say(self.pick(recipients, "eod") or "250 2.0.0 Ok: queued", rcpt=recipients[0])
                recipients = []
            elif verb == "RSET" or verb == "NOOP":
                await self.say("250 2.0.0 Ok")
            elif verb == "QUIT":
                await self.say("221 2.0.0 Bye")
                raise Hangup
            else:
                await self.say("502 5.5.2 Error: command not recognized")

    def pick(self, recipients, stage):
        return next((r for r in (self.world.reply_for(a, stage) for a in recipients) if r), None)

    def address(self, line):
        found = re.search(r":\s*<?(?:@[^:>]*:)?((?:\"(?:\\.|[^\"\\])*\"|[^>\s])*)>?", line)
        return found.group(1) if found else ""

    async def line(self):
        raw = await self.reader.readline()
        if not raw:
            raise Hangup
        return raw.decode("utf-8", "replace").rstrip("\r\n")


async def serve_host(world, host, keep_alive):
    if host["connect"] == "refused":
        return
    if host["connect"] == "silent":      # a full backlog: further SYN packets are dropped, so connecting times out
        family = socket.AF_INET6 if ":" in host["address"] else socket.AF_INET
        listener = socket.socket(family)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host["address"], 25))
        listener.listen(0)
        keep_alive.append(listener)
        for _ in range(3):
            filler = socket.socket(family)
            filler.setblocking(False)
            filler.connect_ex((host["address"], 25))
            keep_alive.append(filler)
        return

    async def connected(reader, writer):
        try:
            await Session(world, host, reader, writer).run()
        except (Hangup, ConnectionError, asyncio.LimitOverrunError, ValueError):
            pass
        finally:
            writer.close()

    keep_alive.append(await asyncio.start_server(connected, host["address"], 25, limit=1 << 24))


async def main(tables, out):
    hosts = [dict(zip(("address", "name", "keywords", "connect"), row)) for row in rows(os.path.join(tables, "hosts.tsv"))]
    for host in hosts:
        host["keywords"] = host["keywords"].replace("plain", PLAIN_KEYWORDS)
    names = Names(hosts, list(rows(os.path.join(tables, "zones.tsv"))))
    world, keep_alive = World(tables, out), []
    loop = asyncio.get_running_loop()
    await loop.create_datagram_endpoint(lambda: NamesOverUdp(names), ("127.0.0.1", 53))
    keep_alive.append(await asyncio.start_server(lambda r, w: names_over_tcp(names, r, w), "127.0.0.1", 53))
    for host in hosts:
        if host["connect"] != "mta":
            await serve_host(world, host, keep_alive)
    with open(os.path.join(out, ".ready"), "w"):
        pass
    await asyncio.Event().wait()


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: world.py TABLES OUT")
    asyncio.run(main(sys.argv[1], sys.argv[2]))
