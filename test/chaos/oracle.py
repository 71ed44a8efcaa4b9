"""oracle.py: what clients of a server were promised, kept outside of it, and compared with what they
find after a disaster.

A *cell* is a place with one value that one client sets: a roster item, a PEP item, an entry of the
block list, an account. It may hold the last value that was promised, or one asked for later whose
answer did not arrive. A *message* is promised once its sender saw it acknowledged or its recipient
saw it at all; then it is in both archives, once each, and under the id that was told. What was
refused is nowhere.
"""
import collections
import threading


class Cell:
    """Values asked for in turn, and the last one promised."""

    def __init__(self):
        self.value = None                        # None: nothing is there
        self.open = []                           # (token, value), in order
        self.story = collections.deque(maxlen=8)  # for complaints

    def asked(self, token, value):
        """A request is on its way."""
        self.open.append((token, value))
        self.story.append(f'{token}: asked for {value!r}')

    def promised(self, token):
        """It was done, and so was what came before it, or it was refused."""
        for place, (mine, value) in enumerate(self.open):
            if mine == token:
                self.value = value
                del self.open[:place + 1]
                self.story.append(f'{token}: done')
                return

    def refused(self, token):
        """It was not done."""
        self.open = [(mine, value) for mine, value in self.open if mine != token]
        self.story.append(f'{token}: not done')

    def found(self, value):
        """Whether this may be there; from now on it must be."""
        fine = value in [self.value, *(v for _, v in self.open)]
        self.value, self.open = value, []
        self.story.append(f'found {value!r}')
        return fine


class Message:
    """One message and its fate as far as clients know it."""

    def __init__(self, sender, to):
        self.sender, self.to = sender, to
        self.acked = self.delivered = self.refused = False


class Oracle:
    """All of it. `complaints` are sentences; a promise that was broken is one, whenever it shows."""

    def __init__(self):
        self._lock = threading.Lock()
        self.cells = {}                          # (owner, kind, key)
        self.messages = {}                       # by id
        self.archives = {}                       # owner: {message id: archive id}
        self.names = {}                          # (owner, archive id): message id
        self.promises = self.refusals = 0
        self.complaints = []

    def complain(self, sentence):
        """A promise was broken."""
        with self._lock:
            self.complaints.append(sentence)

    def _count(self, promises=0, refusals=0):
        with self._lock:
            self.promises += promises
            self.refusals += refusals

    # ---- Cells ----

    def cell(self, *key):
        """That of (owner, kind, key)."""
        return self.cells.setdefault(key, Cell())

    def changed(self, key, token):
        """A change was reported as done."""
        self.cell(*key).promised(token)
        self._count(promises=1)

    def unchanged(self, key, token):
        """It was reported as refused."""
        self.cell(*key).refused(token)
        self._count(refusals=1)

    def compare(self, owner, kind, found):
        """`found`: what there is of a kind, {key: value}."""
        for key in {k for o, n, k in self.cells if (o, n) == (owner, kind)} | set(found):
            cell, there = self.cell(owner, kind, key), found.get(key)
            if not cell.found(there):
                self.complain(f"{kind} {key} of {owner} is lost: {', '.join(cell.story)}")

    # ---- Messages ----

    def sent(self, ident, sender, to):
        """A message is on its way."""
        self.messages[ident] = Message(sender, to)

    def acked(self, ident):
        """Its sender saw it acknowledged."""
        message = self.messages[ident]
        if not message.refused:
            message.acked = True
            self._count(promises=1)

    def delivered(self, ident, owner, archive_id):
        """Its recipient saw it, under this id."""
        self.messages[ident].delivered = True
        self._name(owner, archive_id, ident)

    def bounced(self, ident):
        """It came back as an error."""
        message = self.messages[ident]
        if message.acked or message.delivered:
            self.complain(f'{ident} was refused after it was acknowledged or delivered')
        message.refused = True
        self._count(refusals=1)

    def _name(self, owner, archive_id, ident):
        if self.names.setdefault((owner, archive_id), ident) != ident:
            self.complain(f'{archive_id} of {owner} is {ident}, and was '
                          f'{self.names[owner, archive_id]}')

    def read(self, owner, pages, whole):
        """What the archive holds: (archive id, message id) in order; `whole`: it is all of it,
        not what is new since the last time."""
        known = {} if whole else self.archives.setdefault(owner, {})
        for archive_id, ident in pages:
            if ident in known:
                self.complain(f'{ident} is twice in the archive of {owner}')
            known[ident] = archive_id
            self._name(owner, archive_id, ident)
        self.archives[owner] = known

    def compare_messages(self):
        """After all archives were read; what is there now must stay there."""
        for ident, message in self.messages.items():
            there = [ident in self.archives[owner] for owner in (message.sender, message.to)]
            promised = (message.acked or message.delivered) and not message.refused
            if there[0] != there[1]:
                self.complain(f'{ident} is in one archive of two')
            elif promised and not there[0]:
                self.complain(f'{ident} is lost: acknowledged {message.acked}, '
                              f'delivered {message.delivered}')
            elif message.refused and there[0]:
                self.complain(f'{ident} was refused and is there')
            message.acked = message.acked or there[0]
