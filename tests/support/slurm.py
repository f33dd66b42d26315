"""A Slurm of one node on loopback, real and private: munged, slurmctld and slurmd in a folder of their own."""
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "scontrol", "sinfo")
PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])


class CannotStart(Exception):
    """Why there is no Slurm here."""


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for s in sockets:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


class Slurm:
    """`environment` is what its clients need; `cpus` jobs of one core run at once, however many the machine has."""

    def __init__(self, cpus=4):
        missing = [p for p in PROGRAMS if shutil.which(p, path=PATH) is None]
        if missing:
            raise CannotStart("not installed: " + ", ".join(missing))
        if os.geteuid() != 0:
            raise CannotStart("slurmd runs jobs for others and has to be started by root")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="nascent-slurm-"))
        self.folder.chmod(0o755)
        self.environment = dict(os.environ, PATH=PATH, SLURM_CONF=str(self.folder / "slurm.conf"))
        self.daemons = []
        try:
            self._start(cpus)
        except BaseException:
            self.stop()
            raise

    def _start(self, cpus):
        munge = self.folder / "munge"
        munge.mkdir(mode=0o755)
        key = munge / "key"
        key.write_bytes(os.urandom(1024))
        key.chmod(0o400)
        for path in (munge, key):
            shutil.chown(path, "munge", "munge")
        for folder in ("state", "spool"):
            (self.folder / folder).mkdir()
        host = socket.gethostname().split(".")[0]
        controller, node = free_ports(2)
        (self.folder / "slurm.conf").write_text(f"""
ClusterName=nascent
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={munge}/socket
CredType=cred/munge
SlurmctldPort={controller}
SlurmdPort={node}
StateSaveLocation={self.folder}/state
SlurmdSpoolDir={self.folder}/spool
SlurmctldPidFile={self.folder}/slurmctld.pid
SlurmdPidFile={self.folder}/slurmd.pid
SlurmctldLogFile={self.folder}/slurmctld.log
SlurmdLogFile={self.folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
SlurmdParameters=config_overrides
SchedulerParameters=sched_interval=1,sched_min_interval=100000
ReturnToService=2
KillWait=5
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} State=UNKNOWN
PartitionName=main Nodes={host} Default=YES MaxTime=INFINITE State=UP
""")
        self._daemon(["runuser", "-u", "munge", "--", "munged", "--foreground", f"--socket={munge}/socket", f"--key-file={key}",
                      f"--pid-file={munge}/pid", f"--log-file={munge}/log", f"--seed-file={munge}/seed"])
        self._wait("munged has no socket", lambda: (munge / "socket").exists())
        self._daemon(["slurmctld", "-D"])
        self._daemon(["slurmd", "-D", "-N", host])
        self._wait("no node became idle", lambda: "idle" in self.run("sinfo", "--noheader", "--format=%T", check=False))

    def _daemon(self, command):
        log = open(self.folder / (pathlib.Path(command[-1]).name + ".out"), "ab")
        self.daemons.append(subprocess.Popen(command, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log))
        log.close()

    def _wait(self, failure, condition, seconds=20):
        deadline = time.monotonic() + seconds
        while not condition():
            dead = [d.args for d in self.daemons if d.poll() is not None]
            if dead or time.monotonic() > deadline:
                logs = "\n".join(f"{p.name}: {p.read_text(errors='replace')[-1000:]}" for p in self.folder.glob("*.log"))
                raise CannotStart(f"{failure}; ended: {dead}\n{logs}")
            time.sleep(0.1)

    def run(self, *command, check=True):
        """What a client of it prints."""
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=60)
        if check and done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}: {done.stderr}")
        return done.stdout

    def job_processes(self, program):
        """Processes of this name that run in its jobs."""
        found = []
        for folder in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                environment = (folder / "environ").read_text(errors="replace")
                if (folder / "comm").read_text().strip() == program[:15] and f"SLURM_CONF={self.folder}" in environment and "SLURM_JOB_ID=" in environment:
                    found.append(int(folder.name))
            except OSError:
                continue  # it has ended meanwhile
        return found

    def kill_job(self, source):
        """Slurm kills one of the running jobs, as it does to make room for others; false when none runs."""
        running = self.run("squeue", "--noheader", "--array", "--states=running", "--format=%i").split()
        return bool(running) and self.run("scancel", "--signal=KILL", "--full", source.choice(running), check=False) is not None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        for daemon in reversed(self.daemons):
            daemon.send_signal(signal.SIGTERM)
        for daemon in self.daemons:
            try:
                daemon.wait(timeout=10)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
        self.daemons = []
        shutil.rmtree(self.folder, ignore_errors=True)
