"""A machine at the end of a cable, as a network namespace: processes there reach this one only through the cable."""
import itertools
import os
import shutil
import subprocess

from support.slurm import PATH, CannotStart

_numbers = itertools.count()


class FarMachine:
    """`here` is this machine's address as the far one sees it; `there` is its own."""

    def __init__(self):
        if shutil.which("ip", path=PATH) is None:
            raise CannotStart("not installed: iproute2")
        number = next(_numbers)
        subnet = f"10.{77 + number}.{os.getpid() % 250}"
        self.here, self.there = f"{subnet}.1", f"{subnet}.2"
        self.name, self._near = f"nascent-{os.getpid()}-{number}", f"nc{os.getpid() % 100000}-{number}"
        try:
            self._ip("netns", "add", self.name)
            self._ip("link", "add", self._near, "type", "veth", "peer", "name", "cable", "netns", self.name)
            self._ip("address", "add", f"{self.here}/24", "dev", self._near)
            self._ip("-n", self.name, "address", "add", f"{self.there}/24", "dev", "cable")
            self._ip("-n", self.name, "link", "set", "lo", "up")
            self._ip("-n", self.name, "link", "set", "cable", "up")
            self.heal()
        except subprocess.CalledProcessError as error:
            self.remove()
            raise CannotStart(f"network namespaces: {error.stderr.strip()}") from None

    def _ip(self, *arguments):
        subprocess.run(["ip", *arguments], env=dict(os.environ, PATH=PATH), check=True, capture_output=True, text=True)

    def command(self, *command):
        """The command as it has to be started to run there."""
        return ["ip", "netns", "exec", self.name, *map(str, command)]

    def cut(self):
        """No packet goes either way, and nobody is told."""
        self._ip("link", "set", self._near, "down")

    def heal(self):
        self._ip("link", "set", self._near, "up")

    def remove(self):
        subprocess.run(["ip", "netns", "delete", self.name], env=dict(os.environ, PATH=PATH), capture_output=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.remove()
