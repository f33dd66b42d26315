#!/usr/bin/env python3
"""Kills whatever takes part in a search, at random moments, until there were enough kills; then compares.

    reliability.py BUILD [--kills 1000] [--seed 1] [--scenario NAME]... [--markdown FILE]

Each study is run again and again until it has ended by itself, however often its processes were killed on the way. Then

- every row that was finished at some moment is the same row at the end, of the same attempt and time (nothing was lost, and
  no returning worker has overwritten anything);
- no trial was counted twice, and every attempt but the one that brought the result ended without one;
- all rows equal, to the bit, those of the same study that nobody disturbed.

The first promise that is not kept ends the script with exit code 1; so whatever stands in its tables was kept in all cases.

Its sampler and its scheduler depend on all that came before, so that a lost or doubled result would change what follows.
"""
import argparse
import collections
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support.network import FarMachine  # noqa: E402
from support.postgresql import PostgreSQL  # noqa: E402
from support.slurm import CannotStart, Slurm  # noqa: E402

TIMES = ("queued_at", "started_at", "finished_at", "cost_seconds", "worker", "attempts")
STUDY = """
[study]
name = "killed"
seed = {seed}
parallel = 4
store = "{store}"
[objective]
metric = "val_loss"
direction = "minimize"
[stop]
trials = {trials}
[budget]
epochs = 9
[space]
type = "plane"
[sampler]
type = "evolution"
population = 8
[scheduler]
{scheduler}
[trainer]
type = "moody"
epoch_ms = {epoch_ms}
jitter_ms = {epoch_ms}
[[evaluator]]
type = "distance"
[workers]
count = {workers}
retries = 100
{more}
[plugins]
path = ["{build}/tests/fakes", "{build}/lib/nascent/plugins"]
"""
SCHEDULERS = ('type = "median"\ntrials_min = 4', 'type = "successive-halving"\nbudget_min = 1', 'type = "asha"\nbudget_min = 1\nform = "promotion"')


STORE_FAILED = 4  # exit code of the command line
SHARES = {"sqlite": 10, "postgresql": 10, "slurm": 4, "network": 1}


class Failure(Exception):
    """A promise that was not kept."""


class Scenario:
    """One study in a folder of its own, with all that runs it. `targets` names what can be killed."""

    targets = ()

    def __init__(self, build, folder, seed, scheduler):
        self.build, self.folder, self.seed, self.scheduler = build, folder, seed, scheduler
        self.nascent = build / "bin/nascent"
        self.environment = dict(os.environ)
        self.processes = {}
        self.has_begun = False

    store = "killed.db"
    server = None
    workers, trials, epoch_ms, more = 2, 40, 3, ""

    @property
    def location(self):
        return str(self.folder / self.store)

    def write_study(self):
        (self.folder / "study.toml").write_text(
            STUDY.format(seed=self.seed, store=self.store, scheduler=self.scheduler, workers=self.workers, trials=self.trials, epoch_ms=self.epoch_ms,
                         more=self.more, build=self.build))

    def start(self, name, *command):
        log = open(self.folder / f"{name}.log", "ab")
        self.processes[name] = subprocess.Popen([str(self.nascent), *command], cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL,
                                                stdout=log, stderr=log)
        log.close()
        return self.processes[name]

    def start_coordinator(self):
        return self.start("coordinator", *(("resume", self.location) if self.begun() else ("run", "study.toml")), "--plain")

    def begun(self):
        # A server that is just starting cannot tell; then what was known before holds.
        self.has_begun = self.has_begun or bool(self.rows(check=False)) or "there is a study" in self.log("coordinator")
        return self.has_begun

    def start_all(self):
        self.start_coordinator()

    def keep_up(self):
        """Starts again what ended before the study did; true when the study has ended."""
        code = self.processes["coordinator"].poll()
        if code == 0:
            return True
        if code is not None:
            # One that meets a server which is just starting says so and ends; whoever started it starts it again.
            if code > 0 and not (code == STORE_FAILED and self.server):
                raise Failure(f"the coordinator ended by itself with code {code}:\n{self.log('coordinator')}")
            self.start_coordinator()
        return False

    def log(self, name):
        file = self.folder / f"{name}.log"
        return file.read_text(errors="replace")[-3000:] if file.exists() else ""

    def rows(self, check=True):
        done = subprocess.run([self.nascent, "trials", self.location, "--json"], env=self.environment, capture_output=True, text=True, timeout=60)
        if done.returncode != 0:
            if check:
                raise Failure(f"the study cannot be read: {done.stderr}")
            return None
        return [json.loads(line) for line in done.stdout.splitlines()]

    def kill(self, target):
        """Kills it; false when there is nothing to kill at the moment."""
        raise NotImplementedError

    def kill_process(self, name):
        process = self.processes.get(name)
        if process is None or process.poll() is not None:
            return False
        process.kill()
        process.wait()
        return True

    def close(self):
        for process in self.processes.values():
            if process.poll() is None:
                process.kill()
                process.wait()


def workers_of(pid):
    """The workers that a coordinator has started; what it starts to look at plugins is none."""
    found = []
    try:
        for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            if pathlib.Path(f"/proc/{child}/comm").read_text().strip() == "nascent-worker":
                found.append(int(child))
    except OSError:
        pass  # one of them has ended meanwhile
    return found


def kill_one(random_source, pids):
    if not pids:
        return False
    try:
        os.kill(random_source.choice(pids), signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


class OneMachine(Scenario):
    """SQLite, a coordinator and two workers that it starts."""

    title = "one machine, SQLite"
    targets = ("coordinator", "worker", "worker and coordinator")

    def kill(self, target):
        coordinator = self.processes["coordinator"]
        if target == "coordinator":
            return self.kill_process("coordinator")
        killed = kill_one(self.random, workers_of(coordinator.pid))
        if target == "worker and coordinator":
            killed = self.kill_process("coordinator") or killed
        return killed


class ManyMachines(Scenario):
    """PostgreSQL, a coordinator without workers, and two workers that joined."""

    title = "PostgreSQL, joined workers"
    targets = ("coordinator", "joined worker", "joined worker and coordinator", "database server")
    workers, epoch_ms = 0, 10
    joined = ("worker-1", "worker-2")

    @property
    def store(self):
        return self.server.url(self.database)

    location = store

    def prepare(self, server, database):
        self.server, self.database = server, database
        server.create_database(database)

    def start_all(self):
        self.start_coordinator()
        for name in self.joined:
            self.start_worker(name)

    def start_worker(self, name):
        self.start(name, "worker", "--store", self.location, "--study", "killed")

    def keep_up(self):
        if super().keep_up():
            return True
        for name in self.joined:
            if self.processes[name].poll() is not None:
                self.start_worker(name)
        return False

    def kill(self, target):
        if target == "database server":
            self.server.kill()
            self.server.start()
            return True
        killed = False
        if "worker" in target:
            killed = self.kill_process(self.random.choice(self.joined))
        if "coordinator" in target:
            killed = self.kill_process("coordinator") or killed
        return killed


class CutCables(ManyMachines):
    """PostgreSQL, a coordinator, and two workers on machines of their own, whose cables are cut for a while."""

    title = "PostgreSQL, workers behind a network that is cut"
    targets = ("network of one worker, below 3 s", "network of both workers, below 3 s", "network of one worker, 40 s")
    epoch_ms = 20
    machines = ()

    def start_worker(self, name):
        machine = self.machines[self.joined.index(name)]
        log = open(self.folder / f"{name}.log", "ab")
        command = machine.command(self.nascent, "worker", "--store", self.server.url(self.database, machine.here), "--study", "killed")
        self.processes[name] = subprocess.Popen(command, cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        log.close()

    def kill(self, target):
        # Forty seconds are longer than a lease: the trial is given to somebody else, and its first worker comes back from the dead.
        seconds = 40 if "40" in target else self.random.uniform(0.1, 3)
        if "40" in target and self.random.random() < 0.9:
            return False  # not as often as the others
        cut = self.machines if "both" in target else [self.random.choice(self.machines)]
        for machine in cut:
            machine.cut()
        time.sleep(seconds)
        for machine in cut:
            machine.heal()
        return True


class Cluster(ManyMachines):
    """PostgreSQL, a coordinator, and workers that are jobs of Slurm."""

    title = "PostgreSQL, workers as Slurm jobs"
    targets = ("coordinator", "worker of a job", "Slurm job", "cluster command", "database server")
    joined, epoch_ms = (), 30
    slurm = None

    def start_all(self):
        self.environment = dict(self.slurm.environment)
        self.start_coordinator()
        self.start_supply()

    def start_supply(self):
        self.start("supply", "cluster", "slurm", self.location, "--study", "killed", "--workers", "2", "--every", "0.5")

    def keep_up(self):
        if super().keep_up():
            return True
        if self.processes["supply"].poll() is not None:
            self.start_supply()
        return False

    def kill(self, target):
        if target == "cluster command":
            return self.kill_process("supply")
        if target == "worker of a job":
            return kill_one(self.random, self.slurm.job_processes("nascent-worker"))
        if target == "Slurm job":
            return self.slurm.kill_job(self.random)
        return super().kill(target)

    def close(self):
        super().close()
        self.slurm.run("scancel", "--me", check=False)


def without_times(row):
    return {key: value for key, value in row.items() if key not in TIMES}


def finished(rows):
    return {row["trial"]: row for row in rows if row["state"] in ("completed", "pruned", "failed", "invalid")}


class Counts(collections.Counter):
    studies = 0
    trials = 0


def run_undisturbed(scenario):
    scenario.write_study()
    scenario.start_all()
    deadline = time.monotonic() + 300
    while not scenario.keep_up():
        if time.monotonic() > deadline:
            raise Failure(f"the undisturbed study has not ended:\n{scenario.log('coordinator')}")
        time.sleep(0.05)
    rows = scenario.rows()
    scenario.close()
    return rows


def run_killed(scenario, expected, counts, kills_wanted, pause_max):
    """One study, killed until it ends by itself or there were enough kills."""
    scenario.write_study()
    scenario.start_all()
    seen = {}
    last_progress, finished_count = time.monotonic(), 0
    while not scenario.keep_up():
        time.sleep(scenario.random.uniform(0, pause_max))
        if sum(counts.values()) < kills_wanted:
            target = scenario.random.choice(scenario.targets)
            if scenario.kill(target):
                counts[target] += 1
        now = finished(scenario.rows(check=False) or [])
        for trial, row in seen.items():
            if now and trial not in now:
                raise Failure(f"trial {trial} was finished and is not any more")
        seen.update({trial: row for trial, row in now.items() if trial not in seen})
        if len(now) > finished_count:
            last_progress, finished_count = time.monotonic(), len(now)
        if time.monotonic() - last_progress > 300:
            raise Failure(f"no trial has finished for five minutes:\n{scenario.log('coordinator')}")
    rows = scenario.rows()
    scenario.close()
    at_end = {row["trial"]: row for row in rows}
    for trial, row in seen.items():
        if any(row[key] != at_end[trial][key] for key in (*TIMES, "metrics", "state")):
            raise Failure(f"trial {trial} was changed after it had finished:\n{row}\n{at_end[trial]}")
    if len(at_end) != len(rows):
        raise Failure("a trial stands there twice")
    if len(rows) != len(expected):
        raise Failure(f"{len(rows)} trials where the undisturbed study has {len(expected)}")
    for row, other in zip(rows, expected):
        if without_times(row) != without_times(other):
            raise Failure(f"not as in the undisturbed study:\n{without_times(row)}\n{without_times(other)}")
    counts.studies += 1
    counts.trials += len(rows)


def run_scenario(kind, build, kills, seed, pause_max, prepare):
    counts = Counts()
    source = random.Random(seed)
    turn = 0
    while sum(counts.values()) < kills:
        scheduler = SCHEDULERS[turn % len(SCHEDULERS)]
        study_seed = seed + turn // len(SCHEDULERS)
        with tempfile.TemporaryDirectory(prefix="nascent-reliability-") as folder:
            runs = []
            for name in ("undisturbed", "killed"):
                inner = pathlib.Path(folder) / name
                inner.mkdir()
                scenario = kind(build, inner, study_seed, scheduler)
                scenario.random = source
                prepare(scenario, f"{name}_{turn}")
                runs.append(scenario)
            try:
                expected = run_undisturbed(runs[0])
                run_killed(runs[1], expected, counts, kills, pause_max)
            finally:
                for scenario in runs:
                    scenario.close()
        turn += 1
        print(f"{kind.title}: {sum(counts.values())} of {kills} kills, {counts.studies} studies as undisturbed", flush=True)
    return counts


def table(results):
    lines = ["| where | struck by `kill -9`, or cut off | times |", "|---|---|---|"]
    for title, counts in results:
        for target, number in sorted(counts.items()):
            lines.append(f"| {title} | {target} | {number} |")
    lines += ["", "| where | blows | studies that ended as undisturbed | their trials |", "|---|---|---|---|"]
    for title, counts in results:
        lines.append(f"| {title} | {sum(counts.values())} | {counts.studies} | {counts.trials} |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--kills", type=int, default=1000, help="in all (1000)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--scenario", action="append", choices=SHARES)
    parser.add_argument("--markdown", type=pathlib.Path)
    arguments = parser.parse_args()
    build = arguments.build.resolve()
    chosen = arguments.scenario or list(SHARES)
    part = {name: -(-arguments.kills * SHARES[name] // sum(SHARES[c] for c in chosen)) for name in chosen}
    results = []
    try:
        if "sqlite" in chosen:
            results.append((OneMachine.title, run_scenario(OneMachine, build, part["sqlite"], arguments.seed, 0.25, lambda scenario, name: None)))
        if "postgresql" in chosen:
            with PostgreSQL() as server:
                results.append((ManyMachines.title, run_scenario(ManyMachines, build, part["postgresql"], arguments.seed, 0.5,
                                                                 lambda scenario, name: scenario.prepare(server, name))))
        if "network" in chosen:
            with FarMachine() as first, FarMachine() as second, PostgreSQL(("127.0.0.1", first.here, second.here)) as server:
                def behind_cables(scenario, name):
                    scenario.machines = (first, second)
                    scenario.prepare(server, name)
                results.append((CutCables.title, run_scenario(CutCables, build, part["network"], arguments.seed, 1.0, behind_cables)))
        if "slurm" in chosen:
            with PostgreSQL() as server, Slurm(cpus=4) as slurm:
                def prepare(scenario, name):
                    scenario.slurm = slurm
                    scenario.prepare(server, name)
                results.append((Cluster.title, run_scenario(Cluster, build, part["slurm"], arguments.seed, 1.0, prepare)))
    except CannotStart as reason:
        sys.exit(f"skipped: {reason}")
    except Failure as failure:
        sys.exit(f"FAILED: {failure}")
    text = table(results)
    print(text)
    if arguments.markdown:
        arguments.markdown.write_text(text)


if __name__ == "__main__":
    main()
