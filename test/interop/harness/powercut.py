"""powercut.py: sottod on a disk that loses power (test/chaos/powercut.c).

The disk takes its orders from a file that both sides map; it counts there what it did.
"""
import mmap
import shutil
import sqlite3
import struct

from harness.server import BIN, ServerError, Sottod

FIELDS = ('seed', 'early', 'forgetful', 'die_in', 'fail_op', 'fail_in', 'fail_code',
          'disks', 'failed', 'unsynced', 'lost')
WRITE, SYNC, TRUNCATE = range(3)                 # fail_op
SQLITE_FULL, SQLITE_IOERR = 13, 10               # fail_code: the primary codes, and what unix says
FAILURES = {                                     # (operation, code) by the name of a test
    'write ENOSPC': (WRITE, SQLITE_FULL),
    'write EIO': (WRITE, SQLITE_IOERR | 3 << 8),
    'sync EIO': (SYNC, SQLITE_IOERR | 4 << 8),
    'truncate EIO': (TRUNCATE, SQLITE_IOERR | 6 << 8),
}
SECTOR = 512


class Disk:
    """The fields of its orders as attributes."""

    def __init__(self, path, seed):
        path.write_bytes(bytes(mmap.PAGESIZE))
        with open(path, 'r+b') as file:
            self.__dict__['_memory'] = mmap.mmap(file.fileno(), 0)
        self.seed = seed

    def __getattr__(self, name):
        return struct.unpack_from('=Q', self._memory, 8 * FIELDS.index(name))[0]

    def __setattr__(self, name, value):
        struct.pack_into('=Q', self._memory, 8 * FIELDS.index(name), value)

    def fail(self, kind, number):
        """The n-th operation of that kind from now on fails."""
        self.fail_in = 0
        self.fail_op, self.fail_code = FAILURES[kind]
        self.fail_in = number

    def calm(self):
        """No more orders."""
        self.fail_in = self.die_in = self.forgetful = self.early = 0


class Powercut(Sottod):
    """sottod with its database on such a disk."""

    def __init__(self, seed=0, folder=None, **more):
        super().__init__(folder, **more)
        library = (BIN / 'sottod').resolve().parent.parent / 'test/chaos/powercut.so'
        if not library.exists():
            raise ServerError(f'{library} is missing; run `make` first')
        orders = self.folder / 'disk'
        self.disk = Disk(orders, seed)
        self.environment = {'LD_PRELOAD': str(library), 'SOTTO_POWERCUT': str(orders)}

    def start(self):
        """Only if it really runs on that disk."""
        before = self.disk.disks
        super().start()
        assert self.disk.disks > before, 'the server does not use the disk that loses power'

    def integrity(self):
        """SQLite's verdict on what the disk holds, looked at without changing it."""
        copy = self.folder / 'copy'
        shutil.rmtree(copy, ignore_errors=True)
        copy.mkdir()
        for path in self.data.glob('sotto.db*'):
            if not path.name.endswith('-shm'):   # as after a power cut
                shutil.copy(path, copy)
        base = sqlite3.connect(copy / 'sotto.db')
        verdict = base.execute('PRAGMA integrity_check').fetchone()[0]
        base.close()
        return verdict
