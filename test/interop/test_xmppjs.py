#!/usr/bin/python3
"""test_xmppjs.py: @xmpp/client (npm) logs in by SASL2 with Bind 2 and stream management, comes back with a FAST token,
and resumes a cut session while it logs in. Its packages are installed under build/, as its lock file says."""
import asyncio
import json
import os
import re
import shutil

from harness.server import ROOT
from harness.tap import Cases
from harness.world import World, main

HERE = ROOT / 'test/interop/xmppjs'
MODULES = ROOT / 'build/npm/xmppjs'
INSTALL_S = 300
CASE_S = 40

case = Cases()


async def run(argv, timeout, **more):
    """Standard output of a program that ends well."""
    process = await asyncio.create_subprocess_exec(
        *argv, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE, **more)
    try:
        out, err = await asyncio.wait_for(process.communicate(), timeout)
    except asyncio.TimeoutError:
        process.kill()
        raise
    assert process.returncode == 0, f"{' '.join(map(str, argv))}:\n{err.decode(errors='replace')}"
    return out.decode()


class Npm(World):
    """A server, and the packages."""

    names = ()
    talks = False

    async def begin(self):
        major = int((await run(['node', '--version'], CASE_S))[1:].split('.')[0])
        # Before version 20, as in Debian 12, `crypto` has to be asked for.
        self.node = ['node'] if major >= 20 else ['node', '--experimental-global-webcrypto']
        await self.install()

    async def install(self):
        """Quick when it is there already."""
        lock, installed = HERE / 'package-lock.json', MODULES / 'installed.json'
        if installed.exists() and installed.read_bytes() == lock.read_bytes():
            return
        MODULES.mkdir(parents=True, exist_ok=True)
        for name in ('package.json', 'package-lock.json'):
            shutil.copyfile(HERE / name, MODULES / name)
        await run(['npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund'], INSTALL_S, cwd=MODULES)
        shutil.copyfile(lock, installed)

    async def converse(self, what):
        """One conversation as an account of its own; what the client saw."""
        name = what.replace('_', '-')
        self.add_account(name)
        environment = {
            **os.environ,
            'MODULES': str(MODULES),
            'NODE_EXTRA_CA_CERTS': str(self.at.ca),
            'SERVICE': f'xmpp://{self.at.host}:{self.at.port}',
            'DOMAIN': self.at.domain,
            'NAME': name,
            'PASSWORD': self.passwords[name],
        }
        argv = [*self.node, HERE / 'client.mjs', what]
        return json.loads(await run(argv, CASE_S, env=environment))


@case('SASL2 with Bind 2: bound, acknowledged and told of the archive at once; the same client, the same resource')
async def _(world):
    saw = await world.converse('login')
    assert saw['mechanisms'] == ['SCRAM-SHA-1'], saw
    assert re.fullmatch(r'login@localhost/[a-z2-7]{12}', saw['address']), saw
    assert saw['address'] == saw['again'], saw
    assert saw['managed'] == 'true' and saw['archive'] and saw['answered'], saw


@case('a wrong password is not-authorized')
async def _(world):
    saw = await world.converse('wrong_password')
    assert saw == {'condition': 'not-authorized', 'mechanisms': ['SCRAM-SHA-1']}, saw


@case('a token that was given out logs in without the password')
async def _(world):
    saw = await world.converse('token')
    assert saw['mechanisms'] == ['HT-SHA-256-NONE'], saw
    assert saw['address'] == saw['again'] and saw['answered'], saw


@case('after a wrong token the client logs in with its password and gets a new token')
async def _(world):
    saw = await world.converse('wrong_token')
    assert saw == {'mechanisms': ['HT-SHA-256-NONE', 'SCRAM-SHA-1'], 'renewed': True}, saw


@case('a cut session is resumed while logging in')
async def _(world):
    saw = await world.converse('resume')
    assert saw['resumed'] and saw['answered'] and saw['address'] == saw['again'], saw


if __name__ == '__main__':
    main(case, Npm, __doc__)
