"""nascent cluster slurm: workers as jobs of a real Slurm, a study in a real PostgreSQL."""
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
from support.postgresql import PostgreSQL  # noqa: E402
from support.slurm import CannotStart, Slurm  # noqa: E402
from support.waiting import eventually  # noqa: E402

NASCENT = os.environ["NASCENT"]
FAKES = os.environ["NASCENT_FAKES"]

STUDY = """
[study]
name = "fashion"
seed = 5
parallel = 3
store = "{store}"
[objective]
metric = "val_loss"
direction = "minimize"
[stop]
trials = {trials}
[budget]
epochs = 4
[space]
type = "plane"
[sampler]
type = "evolution"
population = 6
[trainer]
type = "moody"
epoch_ms = {epoch_ms}
[workers]
count = {workers}
[plugins]
path = ["{fakes}"]
"""


class SlurmTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        try:
            cls.slurm = Slurm(cpus=4)
            cls.addClassCleanup(cls.slurm.stop)
            cls.server = PostgreSQL()
            cls.addClassCleanup(cls.server.stop)
        except CannotStart as reason:
            raise unittest.SkipTest(str(reason))

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="nascent-slurm-test-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.running = []
        self.addCleanup(self.end_all)
        database = self._testMethodName
        self.server.create_database(database)
        self.store = self.server.url(database)

    def end_all(self):
        for process in self.running:
            if process.poll() is None:
                process.kill()
            process.communicate()
        self.slurm.run("scancel", "--me")

    def write_study(self, **changes):
        values = dict(store=self.store, trials=30, epoch_ms=20, workers=0, fakes=FAKES) | changes
        (self.folder / "study.toml").write_text(STUDY.format(**values))

    def start(self, *arguments):
        process = subprocess.Popen([NASCENT, *arguments], cwd=self.folder, env=self.slurm.environment, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.running.append(process)
        return process

    def nascent(self, *arguments):
        return subprocess.run([NASCENT, *arguments], cwd=self.folder, env=self.slurm.environment, capture_output=True, text=True, timeout=60)

    def supply(self, *arguments):
        return self.start("cluster", "slurm", self.store, "--every", "0.3", *arguments)

    def coordinate(self):
        coordinator = self.start("run", "study.toml", "--plain")
        eventually(lambda: self.nascent("status", self.store).returncode == 0, "the study is in its store")
        return coordinator

    def rows(self):
        return [json.loads(line) for line in self.nascent("trials", self.store, "--json").stdout.splitlines()]

    def jobs(self, *states):
        return self.slurm.run("squeue", "--noheader", "--array", "--states=" + (",".join(states) or "pending,running"), "--format=%i").split()

    def finished(self):
        return sum(row["state"] == "completed" for row in self.rows())

    def test_a_study_ends_although_its_jobs_are_taken_away(self):
        self.write_study()
        coordinator = self.coordinate()
        supply = self.supply("--workers", "3")
        eventually(lambda: self.finished() >= 3, "jobs run trials")
        self.slurm.run("scancel", "--signal=KILL", "--full", self.jobs("running")[0])  # as if preempted
        eventually(lambda: len(self.jobs("running")) == 3, "the third job is made up for")
        os.kill(self.slurm.job_processes("nascent")[0], signal.SIGKILL)
        said = supply.communicate(timeout=120)[0]
        self.assertEqual(supply.returncode, 0, said)
        told = coordinator.communicate(timeout=30)[0]
        self.assertEqual(coordinator.returncode, 0, told)
        self.assertEqual(self.jobs(), [])
        self.assertIn("study fashion has ended", said)
        rows = self.rows()
        self.assertEqual([row["state"] for row in rows], ["completed"] * 30)
        self.assertGreaterEqual(len({row["worker"] for row in rows}), 3)

        # The same study on one machine, undisturbed.
        self.write_study(store="here.db", workers=2)
        self.assertEqual(self.nascent("run", "study.toml", "--plain").returncode, 0)
        self.store = "here.db"
        keys = ("trial", "parameters", "metrics", "seed", "budget_spent")
        self.assertEqual([[row[k] for k in keys] for row in self.rows()], [[row[k] for k in keys] for row in rows])

    def test_jobs_that_fail_at_once_are_not_submitted_for_ever(self):
        self.write_study()
        self.coordinate()
        supply = self.supply("--workers", "1", "--setup", "echo no module named cuda", "--setup", "exit 3")
        said = supply.communicate(timeout=120)[0]
        self.assertEqual(supply.returncode, 5, said)
        self.assertIn("3 jobs in a row failed", said)
        self.assertIn("no module named cuda", said)
        self.assertEqual(self.jobs(), [])

    def test_an_interrupted_command_takes_its_jobs_along(self):
        self.write_study(epoch_ms=500)
        self.coordinate()
        supply = self.supply("--workers", "2")
        eventually(lambda: len(self.jobs("running")) == 2, "two jobs run")
        supply.send_signal(signal.SIGINT)
        said = supply.communicate(timeout=60)[0]
        self.assertEqual(supply.returncode, 130, said)
        self.assertEqual(self.jobs(), [])

    def test_a_second_command_takes_over_the_jobs_of_one_that_died(self):
        self.write_study(epoch_ms=100)
        self.coordinate()
        first = self.supply("--workers", "2")
        eventually(lambda: len(self.jobs("running")) == 2, "two jobs run")
        first.kill()
        second = self.supply("--workers", "2")
        said = second.communicate(timeout=120)[0]
        self.assertEqual(second.returncode, 0, said)
        self.assertIn("0 jobs were submitted", said)

    def test_a_store_in_a_file_is_refused(self):
        self.write_study(store="here.db", workers=1, trials=1)
        self.nascent("run", "study.toml", "--plain")
        done = self.nascent("cluster", "slurm", "here.db", "--workers", "2")
        self.assertEqual(done.returncode, 2)
        self.assertIn("postgresql://", done.stderr)

    def test_what_the_cluster_refuses_is_told_in_its_words(self):
        self.write_study()
        self.coordinate()
        supply = self.supply("--workers", "1", "--partition", "nowhere")
        said = supply.communicate(timeout=60)[0]
        self.assertEqual(supply.returncode, 5, said)
        self.assertIn("nowhere", self.nascent("cluster", "slurm", self.store, "--workers", "1", "--partition", "nowhere", "--dry-run").stdout)
        self.assertIn("invalid partition", said)


if __name__ == "__main__":
    result = unittest.main(exit=False).result
    print(f"skipped={len(result.skipped)}")
    sys.exit(not result.wasSuccessful())
