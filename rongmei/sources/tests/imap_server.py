"""A mail server for tests: the commands of RFC 3501 that a reader needs, and the ways it can go wrong."""

from __future__ import annotations

import re
import socketserver
import threading
import time

_LINE = re.compile(rb"^(\S+) (.+?)\r?\n$", re.S)


class ImapServer:
    """One mailbox on a free port of 127.0.0.1. `letters` maps a UID to a letter's bytes.

    `fault`: "" works; "login" refuses; "id" refuses who has not said who it is; "folder" has no
    such folder; "drip" sends a letter byte by byte; "flood" announces a letter of 4 GB; "cut"
    closes in the middle of a letter; "mute" never greets.
    """

    def __init__(self, letters=None, *, password="pass", validity=7, fault=""):
        self.letters = dict(letters or {})
        self.password, self.validity, self.fault = password, validity, fault
        self.log = []
        outer = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                outer._serve(self)

        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *exc):
        self.server.shutdown()
        self.server.server_close()

    @property
    def url(self):
        return f"imap://unit@127.0.0.1:{self.port}/INBOX"

    def _serve(self, line):
        try:
            if self.fault == "mute":
                time.sleep(30)
                return
            line.wfile.write(b"* OK ready\r\n")
            named = False
            while raw := line.rfile.readline():
                tag, command = _LINE.match(raw).groups()
                self.log.append(command.decode().strip())
                word = command.split()[0].upper()
                named = named or word == b"ID"
                if not self._answer(line, tag, word, command, named=named):
                    return
        except (BrokenPipeError, ConnectionResetError):
            return

    def _answer(self, line, tag, word, command, *, named):
        def say(*parts, end=b"OK done"):
            line.wfile.write(
                b"".join(b"* " + one + b"\r\n" for one in parts) + tag + b" " + end + b"\r\n"
            )

        if word == b"CAPABILITY":
            say(b"CAPABILITY IMAP4rev1 ID")
        elif word == b"LOGIN":
            right = self.password.encode() in command and self.fault != "login"
            say(end=b"OK in" if right else b"NO LOGIN Login error password error")
        elif word in {b"EXAMINE", b"SELECT"}:
            if self.fault == "folder" or (self.fault == "id" and not named):
                say(end=b"NO no such folder" if self.fault == "folder" else b"NO Unsafe Login")
            else:
                count = str(len(self.letters)).encode()
                say(count + b" EXISTS", b"OK [UIDVALIDITY %d] valid" % self.validity)
        elif word == b"UID":
            return self._uid(line, command, say)
        elif word == b"LOGOUT":
            say(b"BYE")
            return False
        else:
            say()
        return True

    def _uid(self, line, command, say):
        if b"SEARCH" in command:
            first = int(re.search(rb"UID (\d+):", command)[1])
            found = [one for one in sorted(self.letters) if one >= first] or list(self.letters)[-1:]
            say(b"SEARCH " + b" ".join(str(one).encode() for one in found))
            return True
        uid = int(command.split()[2])
        body = self.letters.get(uid)
        if body is None:
            say()
        elif b"RFC822.SIZE" in command:
            say(b"1 FETCH (UID %d RFC822.SIZE %d)" % (uid, len(body)))
        else:
            size = 2**32 if self.fault == "flood" else len(body)
            line.wfile.write(b"* 1 FETCH (UID %d BODY[] {%d}\r\n" % (uid, size))
            if self.fault == "drip":
                for byte in body:
                    line.wfile.write(bytes([byte]))
                    time.sleep(0.2)
            if self.fault == "cut":
                line.wfile.write(body[: len(body) // 2])
                return False
            line.wfile.write(body + b")\r\n")
            say()
        return True
