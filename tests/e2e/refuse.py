# SPDX-License-Identifier: Apache-2.0
"""A mail host on a free port of 127.0.0.1 that knows no recipient: prints the port, serves until it is ended."""
import socketserver
import sys


class Session(socketserver.StreamRequestHandler):
    def handle(self):
        self.say("220 mx.example.net ESMTP")
        for line in self.rfile:
            verb = line[:4].upper().strip()
            if verb == b"QUIT":
                self.say("221 2.0.0 Bye")
                return
            if verb == b"RCPT":
                address = line.decode("utf-8", "replace").partition("<")[2].partition(">")[0]
                self.say("550 5.1.1 <%s>: Recipient address rejected: User unknown" % address)
            elif verb == b"DATA":
                self.say("554 5.5.1 Error: no valid recipients")
            elif verb == b"EHLO":
                self.say("250-mx.example.net\r\n250-PIPELINING\r\n250 ENHANCEDSTATUSCODES")
            else:
                self.say("250 2.0.0 Ok")

    def say(self, reply):
        self.wfile.write(reply.encode() + b"\r\n")


with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session) as server:
    server.daemon_threads = True
    print(server.server_address[1])
    sys.stdout.flush()
    server.serve_forever()
