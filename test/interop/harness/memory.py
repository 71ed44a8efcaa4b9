"""memory.py: what lies in the memory of a running process, and in which kind of page; root only."""
import os
import re
from pathlib import Path

MAPPING = re.compile(r'^([0-9a-f]+)-([0-9a-f]+) (\S+) .*$')


def mappings(pid):
    """(first, end, rights, flags) of each; flags as smaps has them: dd is left out of core dumps, lo is locked."""
    found = []
    for line in Path(f'/proc/{pid}/smaps').read_text(encoding='ascii', errors='replace').splitlines():
        if match := MAPPING.match(line):
            found.append((int(match[1], 16), int(match[2], 16), match[3], set()))
        elif line.startswith('VmFlags:'):
            found[-1][3].update(line.split()[1:])
    return found


def places(pid, texts):
    """(text, flags of the mapping) for each time that one of the texts lies in memory that can be read."""
    hits = []
    descriptor = os.open(f'/proc/{pid}/mem', os.O_RDONLY)
    try:
        for first, end, rights, flags in mappings(pid):
            if 'r' not in rights or 'io' in flags:
                continue
            try:
                octets = os.pread(descriptor, end - first, first)
            except OSError:                     # a page of the kernel's, such as [vvar]
                continue
            for text in texts:
                hits += [(text, flags)] * octets.count(text.encode())
    finally:
        os.close(descriptor)
    return hits
