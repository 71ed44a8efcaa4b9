"""hostile_server.py: a server with a pinned certificate that says what a test wants, octet by octet, on streams to a sottod; what that
sends to it is kept.

    async with HostileServer(certificate, port) as far:
        await far.connect(server)                   # authenticated, as the sottod would have it
        await far.say('<message .../>')
        answer = await far.expect('service-unavailable')
"""
import asyncio
import re
import ssl

HEADER = ("<?xml version='1.0'?><stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' "
          "from='{one}' to='{other}' version='1.0'{more}>")
FEATURES = "<stream:features>{}</stream:features>"
EXTERNAL = "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>EXTERNAL</mechanism></mechanisms>"
AUTH = "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>=</auth>"
SUCCESS = "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>"
PATIENCE_S = 15


class HostileServer:
    """Listens like a server; speaks on streams of its own."""

    def __init__(self, certificate, port, host='127.0.0.1'):
        self.certificate, self.port, self.host = certificate, port, host
        self.domain = certificate.domain
        self.sent_here = ''                     # all stanzas that came to us, as text
        self.said = ''                          # what the other side answered on the stream that we speak on
        self._changed = asyncio.Condition()
        self._reader = self._writer = self._listening = None

    def _context(self, purpose):
        context = ssl.SSLContext(purpose)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.set_alpn_protocols(['xmpp-server'])
        context.load_cert_chain(self.certificate.path, self.certificate.key)
        return context

    async def __aenter__(self):
        context = self._context(ssl.PROTOCOL_TLS_SERVER)
        self._listening = await asyncio.start_server(self._serve, self.host, self.port, ssl=context)
        return self

    async def __aexit__(self, *_):
        self._listening.close()
        await self.hang_up()

    # ---- theirs ----

    async def _serve(self, reader, writer):
        """Lets them authenticate, then keeps all that comes."""
        seen = ''
        stage = 0
        try:
            while octets := await reader.read(65536):
                seen += octets.decode('utf-8', 'replace')
                if stage == 0 and '<stream:stream' in seen and '>' in seen:
                    other = re.search(r"from=['\"]([^'\"]+)", seen)[1]
                    writer.write((HEADER.format(one=self.domain, other=other, more=" id='1'")
                                  + FEATURES.format(EXTERNAL)).encode())
                    stage, seen = 1, ''
                elif stage == 1 and '<auth' in seen:
                    writer.write(SUCCESS.encode())
                    stage, seen = 2, ''
                elif stage == 2 and '<stream:stream' in seen and seen.rstrip().endswith('>'):
                    writer.write((HEADER.format(one=self.domain, other=other, more=" id='2'") + FEATURES.format('')).encode())
                    stage, seen = 3, ''
                elif stage == 3:
                    self.sent_here += seen
                    seen = ''
                    async with self._changed:
                        self._changed.notify_all()
        except (ConnectionError, ssl.SSLError):
            pass
        finally:
            writer.close()

    # ---- ours ----

    async def connect(self, server, authenticate=True):
        """A new stream to the server, authenticated or only opened."""
        await self.hang_up()
        self.said = ''
        self._reader, self._writer = await asyncio.open_connection(
            server.host, server.s2s_port, ssl=self._context(ssl.PROTOCOL_TLS_CLIENT), server_hostname=server.domain)
        self._hearing = asyncio.create_task(self._listen(self._reader))  # kept, or it would be collected
        self.header = HEADER.format(one=self.domain, other=server.domain, more='')
        await self.say(self.header)
        if not authenticate:
            return
        await self.heard('EXTERNAL')
        await self.say(AUTH)
        await self.heard('<success')
        await self.say(self.header)
        await self.heard('urn:xmpp:sm:3')

    async def _listen(self, reader):
        try:
            while octets := await reader.read(65536):
                if reader is self._reader:              # not of one that we have hung up
                    self.said += octets.decode('utf-8', 'replace')
                async with self._changed:
                    self._changed.notify_all()
        except (ConnectionError, ssl.SSLError):
            pass
        if reader is self._reader:
            self.said += '\n(the end)'
        async with self._changed:
            self._changed.notify_all()

    async def say(self, text):
        """Text, or octets as they are."""
        self._writer.write(text if isinstance(text, bytes) else text.encode())
        await self._writer.drain()

    async def hang_up(self):
        """Ends our stream without a word."""
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None

    async def _until(self, condition, what):
        async with self._changed:
            try:
                await asyncio.wait_for(self._changed.wait_for(condition), PATIENCE_S)
            except asyncio.TimeoutError:
                raise AssertionError(f'{what} did not come; said: {self.said[-400:]!r}, '
                                     f'sent here: {self.sent_here[-400:]!r}') from None

    async def heard(self, part):
        """The other side answers this on the stream that we speak on."""
        await self._until(lambda: part in self.said, part)

    async def ended(self):
        """It has ended that stream."""
        await self._until(lambda: '(the end)' in self.said, 'the end')

    async def expect(self, part):
        """It has sent this to us, on its own stream."""
        await self._until(lambda: part in self.sent_here, part)

    async def handled(self, server):
        """All that we said before was handled: an answer to a ping that we sent last is here."""
        self._pings = getattr(self, '_pings', 0) + 1
        ident = f'ping-{self._pings}-'
        await self.say(f"<iq type='get' id='{ident}' from='{self.domain}' to='{server.domain}'><ping xmlns='urn:xmpp:ping'/></iq>")
        await self.expect(ident)
