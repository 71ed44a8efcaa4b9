"""Every key that claims to be built is read by the server, and what the server reads is not called `not built yet`.

The completion of `sottod -o` knows all keys.

usage: test_keys.py CONFIG_DOC SERVER_FOLDER COMPLETION
Listeners are left out of the first: they are read through their kind.
"""
import pathlib
import re
import subprocess
import sys

keys = subprocess.run([sys.argv[1], "keys"], check=True, capture_output=True, text=True).stdout.split("\n")[:-1]
# What only parses, prints or judges the configuration does not use it.
sources = [path for path in pathlib.Path(sys.argv[2]).rglob("*.c") if not re.match(r"config|check\.", path.name)]
code = "\n".join(path.read_text() for path in sources)
failed = 0

for state, section, name in (key.split() for key in keys):
    is_read = re.search(rf"\b{section}(\.|->){name}\b", code) is not None
    if section != "listen" and is_read != (state == "built"):
        print(f"{section}.{name}: called {state}, but the server {'reads' if is_read else 'never reads'} it "
              "(server/config_keys.c)")
        failed += 1

completed = re.search(r'keys="(.*?)"', pathlib.Path(sys.argv[3]).read_text(), re.S)[1].split()
for key in {key.split(" ", 1)[1].replace(" ", ".") for key in keys} ^ set(completed):
    print(f"{key}: not in both the table of keys and {sys.argv[3]}")
    failed += 1
sys.exit(1 if failed else 0)
