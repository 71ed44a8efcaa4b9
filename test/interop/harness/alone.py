"""alone.py: a test in a network and a mount namespace of its own."""
import os
import subprocess
import sys

SKIP = 77
ADDRESS = '10.99.0.1'                           # of an interface that leads nowhere: programs of WebRTC do not use the loopback


def alone(why, interface=False):
    """Runs this program again in namespaces of its own, where it returns; status 77 where there are none. With an interface beside the
    loopback, if that is asked for."""
    if os.environ.get('SOTTO_ALONE') is None:
        if subprocess.run(['unshare', '--mount', '--net', 'true'], capture_output=True, check=False).returncode != 0:
            print(f'no namespaces of its own, which are needed {why}')
            sys.exit(SKIP)
        os.environ['SOTTO_ALONE'] = '1'
        os.execvp('unshare', ['unshare', '--mount', '--net', sys.executable, *sys.argv])
    links = ('link add nowhere type veth peer name nowhere-else', f'address add {ADDRESS}/24 dev nowhere', 'link set nowhere up',
             'link set nowhere-else up', 'route add default dev nowhere')     # without a default route GLib calls itself offline
    for command in ('link set lo up', *(links if interface else ())):
        subprocess.run(['ip', *command.split()], check=True)
