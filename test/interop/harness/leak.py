"""leak.py: looks for plaintext in everything that a server wrote. test_leak.py shows that it finds it.

A search that finds nothing proves little unless it could have found something: so find() is also
asked for what must be there (the ciphertext), and for SQLite says in which column.
"""
import base64
import sqlite3
import sys
from pathlib import Path


def spellings(text):
    """The ways in which text may lie in a file: UTF-8, UTF-16, escaped for a log, hex, base64 at each
    of the three alignments."""
    octets = text.encode()
    yield octets
    yield text.encode('utf-16-le')
    yield text.encode('utf-16-be')
    yield text.encode('ascii', 'backslashreplace')
    yield octets.hex().encode()
    yield octets.hex().upper().encode()
    for shift in range(3):
        whole = base64.b64encode(b'\0' * shift + octets)
        # What the neighbours of the text can change is cut off at both ends.
        yield whole[4 if shift else 0:len(whole) // 4 * 4 - 4]


def find_each(folder, texts):
    """(text, file) for each of the texts that lies in a file below folder (or in that file itself) in
    some spelling; the file as a path relative to it."""
    needles = [(t, [s for s in spellings(t) if len(s) >= 8]) for t in dict.fromkeys(texts)]
    hits = []
    for path in [Path(folder), *sorted(Path(folder).rglob('*'))]:
        if path.is_file() and not path.is_symlink():
            octets = path.read_bytes()
            hits += [(text, str(path.relative_to(folder))) for text, spelled in needles
                     if any(s in octets for s in spelled)]
    return hits


def find(folder, text):
    """The same for one text: only the files."""
    return [path for _, path in find_each(folder, [text])]


def find_in_sqlite(folder, text):
    """(file, table, column, value as text) of each cell that holds the text, in every database
    below folder, or in that file itself."""
    needle = text.encode()
    for path in [Path(folder), *sorted(Path(folder).rglob('*'))]:
        if not path.is_file() or path.open('rb').read(16) != b'SQLite format 3\0':
            continue
        base = sqlite3.connect(f'file:{path}?mode=ro', uri=True)
        try:
            for table, column in columns(base):
                # instr over a blob compares octets; values may be text or blob.
                query = (
                    f'SELECT "{column}" FROM "{table}" WHERE instr(CAST("{column}" AS BLOB), ?) > 0'
                )
                for (value,) in base.execute(query, (needle,)):
                    shown = (
                        value.decode(errors='replace') if isinstance(value, bytes) else str(value)
                    )
                    yield path, table, column, shown
        finally:
            base.close()


def columns(base):
    """(table, column) of every table that has rows of its own."""
    for (table,) in base.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE '%VIRTUAL%'"
    ):
        for row in base.execute(f'PRAGMA table_info("{table}")'):
            yield table, row[1]


def main():
    """leak.py FOLDER TEXT...: prints where each text lies; exit 1 if any does."""
    hits = [(text, path) for text in sys.argv[2:] for path in find(sys.argv[1], text)]
    for text, path in hits:
        print(f'{path}: {text}')
    sys.exit(1 if hits else 0)


if __name__ == '__main__':
    main()
