"""A PostgreSQL server on loopback, real and private: a folder and a port of its own."""
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

from support.slurm import CannotStart, free_ports


class PostgreSQL:
    """Runs as `nobody` when this is root, whom PostgreSQL refuses. Reached at `addresses`, the first of which its URLs name."""

    def __init__(self, addresses=("127.0.0.1",)):
        self.addresses = addresses
        homes = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        if not homes:
            raise CannotStart("not installed: postgresql")
        self.programs = homes[-1].parent
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="nascent-postgresql-"))
        if os.geteuid() == 0:
            shutil.chown(self.folder, "nobody")
        (self.port,) = free_ports(1)
        hosts = self.folder / "data/pg_hba.conf"
        self._run("initdb", "-A", "trust", "-U", "nascent", "--no-sync", "-D", f"{self.folder}/data")
        with open(hosts, "a") as file:
            file.write("host all all all trust\n")
        self.start()

    def _run(self, program, *arguments):
        as_user = ["runuser", "-u", "nobody", "--"] if os.geteuid() == 0 else []
        done = subprocess.run([*as_user, str(self.programs / program), *arguments], cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=60)
        if done.returncode != 0:
            raise CannotStart(f"{program}: {done.stderr or done.stdout}")

    def start(self):
        options = f"-p {self.port} -c listen_addresses={','.join(self.addresses)} -c unix_socket_directories={self.folder}"
        # pg_ctl hands its output to the server, which never closes it.
        as_user = ["runuser", "-u", "nobody", "--"] if os.geteuid() == 0 else []
        for _ in range(100):
            done = subprocess.run([*as_user, str(self.programs / "pg_ctl"), "-w", "-D", f"{self.folder}/data", "-l", f"{self.folder}/log", "-o", options,
                                   "start"], cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120)
            if done.returncode == 0:
                return
            time.sleep(0.2)  # processes of a server that was killed may still hold its memory
        raise CannotStart(f"pg_ctl start: see {self.folder}/log")

    def kill(self):
        """kill -9 of the server and of everything that serves a connection."""
        pid = int((self.folder / "data/postmaster.pid").read_text().split()[0])
        served = [int(p) for p in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        for process in (pid, *served):
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def url(self, database, address=None):
        return f"postgresql://nascent@{address or self.addresses[0]}:{self.port}/{database}"

    def create_database(self, name):
        self._run("createdb", "-h", self.addresses[0], "-p", str(self.port), "-U", "nascent", name)

    def query(self, database, statement):
        """Its rows, each a list of texts."""
        done = subprocess.run(["psql", "-X", "-q", "-t", "-A", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-d", self.url(database), "-c", statement],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
        if done.returncode != 0:
            raise RuntimeError(f"{statement}: {done.stderr}")
        return [line.split("\t") for line in done.stdout.splitlines()]

    def stop(self):
        self._run("pg_ctl", "-w", "-m", "immediate", "-D", f"{self.folder}/data", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
