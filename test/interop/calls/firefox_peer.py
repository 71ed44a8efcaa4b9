#!/usr/bin/python3
"""firefox_peer.py: a party of a call made of headless Firefox: orders of peer_page.js on standard input, one JSON object a line, answers
on standard output.

    firefox_peer.py FOLDER
"""
import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
sys.dont_write_bytecode = True

from harness.firefox import Firefox  # noqa: E402

ACT = '''const [order, done] = arguments;
window.actText(order).then(done, (why) => done(JSON.stringify({ error: String(why) })));'''


def main():
    folder = Path(sys.argv[1])
    page = folder.with_suffix('.html')
    folder.mkdir(parents=True, exist_ok=True)
    page.write_text('<!doctype html><title>call</title><body><script>' + (HERE / 'peer_page.js').read_text() +
                    'window.actText = async (text) => JSON.stringify(await window.act(JSON.parse(text)));</script></body>')
    browser = Firefox(folder)
    browser.open(page.as_uri())
    for line in sys.stdin:
        print(browser.run(ACT, line), flush=True)
    browser.close()


if __name__ == '__main__':
    main()
