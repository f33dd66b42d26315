"""Workers that join a study from outside, and coordinators that take over: a real PostgreSQL, the built programs."""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
from support.postgresql import PostgreSQL  # noqa: E402
from support.slurm import CannotStart, free_ports  # noqa: E402
from support.waiting import eventually  # noqa: E402

NASCENT = os.environ["NASCENT"]
FAKES = os.environ["NASCENT_FAKES"]
EPOCHS = 4

STUDY = """
[study]
name = "fashion"
seed = 5
parallel = {parallel}
store = "{store}"
[objective]
metric = "val_loss"
direction = "minimize"
[stop]
trials = {trials}
[budget]
epochs = {epochs}
[space]
type = "plane"
[sampler]
type = "evolution"
population = 6
{scheduler}
[trainer]
type = "moody"
epoch_ms = {epoch_ms}
[workers]
count = {workers}
artifacts = "{artifacts}"
[plugins]
path = ["{fakes}"]
"""


class Joined(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        try:
            cls.server = PostgreSQL()
        except CannotStart as reason:  # meant: without Debian's postgresql, which `bootstrap.sh test` installs
            raise unittest.SkipTest(str(reason))
        cls.addClassCleanup(cls.server.stop)

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="nascent-joined-test-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.running = []
        self.addCleanup(self.end_all)
        self.database = self._testMethodName[-60:]
        self.server.create_database(self.database)
        self.store = self.server.url(self.database)

    def end_all(self):
        for process in self.running:
            if process.poll() is None:
                process.kill()
            process.communicate()

    def write_study(self, name="study.toml", **changes):
        values = dict(store=self.store, trials=12, epochs=EPOCHS, epoch_ms=20, parallel=2, workers=0, fakes=FAKES, scheduler="",
                      artifacts=self.folder / "artifacts") | changes
        (self.folder / name).write_text(STUDY.format(**values))
        return name

    def start(self, *arguments, **environment):
        """Its output is in the file process.said, so that nobody has to read it meanwhile."""
        said = self.folder / f"said-{len(self.running)}"
        with open(said, "wb") as file:
            process = subprocess.Popen([NASCENT, *arguments], cwd=self.folder, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT,
                                       env=os.environ | environment)
        process.said = said
        self.running.append(process)
        return process

    def ends(self, process, code, seconds=30):
        process.wait(timeout=seconds)
        said = process.said.read_text()
        self.assertEqual(process.returncode, code, said)
        return said

    def nascent(self, *arguments, **environment):
        return subprocess.run([NASCENT, *arguments], cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
                              env=os.environ | environment)

    def coordinate(self, *arguments):
        coordinator = self.start("run", "study.toml", "--plain", *arguments)
        eventually(lambda: self.number("SELECT count(*) FROM pg_catalog.pg_tables WHERE schemaname = 'nascent' AND tablename = 'studies'") == 1 and
                   self.number("SELECT count(*) FROM nascent.studies") == 1, "the study is in its store")
        return coordinator

    def worker(self, *arguments):
        return self.start("worker", "--store", self.store, "--study", "fashion", *arguments)

    def refused_worker(self, *arguments, store=None, study="fashion", code=2, lines=1, **environment):
        """What a worker says that takes no trial: one line for each thing that is wrong."""
        done = self.nascent("worker", "--store", store or self.store, "--study", study, *arguments, **environment)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.assertEqual(done.stdout, "")
        self.assertEqual(len(done.stderr.strip().splitlines()), lines, done.stderr)
        return done.stderr

    def rows(self, store=None):
        return [json.loads(line) for line in self.nascent("trials", store or self.store, "--json").stdout.splitlines()]

    def number(self, statement):
        return int(self.server.query(self.database, statement)[0][0])

    def completed(self):
        return self.number("SELECT count(*) FROM nascent.trials WHERE state = 'completed'")

    def finished(self):
        return self.number("SELECT count(*) FROM nascent.trials WHERE state IN ('completed', 'pruned')")

    def open_workers(self):
        return [worker for (worker,) in self.server.query(self.database, "SELECT worker FROM nascent.leases WHERE ended_at IS NULL")]

    def same_as_undisturbed(self, rows, **changes):
        """The study once more, with a worker of its own, in a file, and without any disturbance."""
        name = self.write_study("undisturbed.toml", store="undisturbed.db", **changes | dict(workers=1, epoch_ms=0, artifacts=self.folder / "undisturbed"))
        self.assertEqual(self.nascent("run", name, "--plain").returncode, 0)
        keys = ("trial", "state", "parameters", "metrics", "seed", "budget_spent", "accepted")
        self.assertEqual([[row[k] for k in keys] for row in rows], [[row[k] for k in keys] for row in self.rows("undisturbed.db")])

    def nothing_lost_or_counted_twice(self, trials, reports):
        query = self.server.query
        self.assertEqual(query(self.database, "SELECT id FROM nascent.trials ORDER BY id"), [[str(id)] for id in range(trials)])
        self.assertEqual(self.number("SELECT count(*) FROM nascent.leases WHERE ended_at IS NULL"), 0)
        self.assertEqual(self.number("SELECT count(DISTINCT landed) FROM nascent.trials"), trials)
        self.assertEqual(self.number("SELECT count(*) FROM nascent.reports r JOIN nascent.trials t ON t.study_id = r.study_id AND "
                                     "t.id = r.trial_id AND t.attempts = r.attempt"), reports)

    # How a worker leaves.

    def test_once_is_one_trial(self):
        self.write_study(trials=3)
        coordinator = self.coordinate()
        for done in range(1, 4):
            said = self.ends(self.worker("--once"), 0)
            self.assertIn('left study=fashion trials=1 reason="one trial"', said)
            self.assertEqual(self.completed(), done)
        self.ends(coordinator, 0)
        self.assertEqual(len({row["worker"] for row in self.rows()}), 3)

    def test_idle_timeout_counts_the_time_without_a_trial_only(self):
        self.write_study(trials=2, parallel=1, epoch_ms=500)  # a trial takes longer than the time-out
        coordinator = self.coordinate()
        busy = self.worker("--idle-timeout", "1s")
        eventually(self.open_workers, "the first worker has a trial")
        since = time.monotonic()
        said = self.ends(self.worker("--idle-timeout", "1s"), 0)
        self.assertIn('left study=fashion trials=0 reason="idle"', said)
        self.assertGreater(time.monotonic() - since, 1)
        said = self.ends(busy, 0)
        self.assertIn('trials=2 reason="finished"', said)
        self.ends(coordinator, 0)

    def test_a_worker_that_gets_sigterm_gives_its_trial_back_and_another_goes_on_with_it(self):
        self.write_study(trials=1, epochs=16, epoch_ms=250)
        coordinator = self.coordinate()
        first = self.worker()
        eventually(lambda: self.number("SELECT count(*) FROM nascent.reports") >= 6, "six epochs are reported")
        first.send_signal(signal.SIGTERM)
        said = self.ends(first, 130, seconds=5)
        self.assertIn('left study=fashion trials=1 reason="interrupted"', said)
        self.assertEqual(self.server.query(self.database, "SELECT state FROM nascent.trials"), [["queued"]])
        self.ends(self.worker(), 0)
        self.ends(coordinator, 0)
        self.assertEqual(self.server.query(self.database, "SELECT attempt, reason, message FROM nascent.leases ORDER BY attempt"),
                         [["1", "none", "interrupted"], ["2", "none", ""]])
        # The second began where the first had stopped: an epoch that the first had trained is not trained again.
        again = self.number("SELECT count(*) FROM nascent.reports a JOIN nascent.reports b USING (budget) WHERE a.attempt = 1 AND b.attempt = 2 "
                            "AND b.reported_at > (SELECT min(reported_at) + 0.2 FROM nascent.reports WHERE attempt = 2)")
        self.assertLessEqual(again, 1)
        self.same_as_undisturbed(self.rows(), trials=1, epochs=16)

    def test_a_killed_worker_costs_an_attempt_of_its_trial(self):
        self.write_study(trials=2, epoch_ms=200)
        coordinator = self.coordinate()
        first = self.worker()
        eventually(lambda: self.number("SELECT count(*) FROM nascent.reports") >= 2, "two epochs are reported")
        first.kill()
        eventually(lambda: self.number("SELECT count(*) FROM nascent.leases WHERE reason = 'lost'") == 1, "it is missed at once, on one machine")
        second = self.worker()
        eventually(self.open_workers, "the second one has a trial")
        os.kill(int(self.open_workers()[0].rsplit(":", 1)[1]), signal.SIGKILL)  # the process that trains, not the one that looks after it
        self.assertIn('reason="finished"', self.ends(second, 0))
        self.ends(coordinator, 0)
        self.assertEqual(sorted(reason for (reason,) in self.server.query(self.database, "SELECT reason FROM nascent.leases")),
                         ["crashed", "lost", "none", "none"])
        self.same_as_undisturbed(self.rows(), trials=2)

    # Who else may run the study, and train.

    def test_a_standby_takes_over_from_a_killed_coordinator(self):
        settings = dict(trials=24, parallel=4, epoch_ms=40, scheduler='[scheduler]\ntype = "median"\ntrials_min = 2')
        self.write_study(**settings)
        coordinator = self.coordinate()
        standby = self.start("resume", self.store, "--study", "fashion", "--standby", "--plain")
        eventually(lambda: f"standby study=fashion process={coordinator.pid} " in standby.said.read_text(), "the standby has seen who runs the study")
        workers = [self.worker(), self.worker()]
        eventually(lambda: self.finished() >= 5, "trials are trained")
        self.assertNotIn("trial", standby.said.read_text())
        coordinator.kill()
        coordinator.wait()
        self.assertLess(self.finished(), 24, "it is killed in the middle")
        said = self.ends(standby, 0)
        self.assertIn("result trial", said)
        for worker in workers:
            self.assertIn('reason="finished"', self.ends(worker, 0))
        rows = self.rows()
        self.assertIn("pruned", {row["state"] for row in rows})
        self.nothing_lost_or_counted_twice(24, sum(int(row["budget_spent"]) for row in rows))
        self.assertEqual(self.number("SELECT count(*) FROM nascent.leases"), 24, "workers kept their trials meanwhile")
        self.assertEqual(self.number("SELECT epoch FROM nascent.coordinators"), 2)
        self.same_as_undisturbed(rows, **settings)

    def test_of_two_standbys_one_takes_over_and_the_other_waits_on(self):
        self.write_study(trials=8, epoch_ms=60)
        coordinator = self.coordinate()
        standbys = [self.start("resume", self.store, "--study", "fashion", "--standby", "--plain") for _ in range(2)]
        for standby in standbys:
            eventually(lambda: "standby study=fashion" in standby.said.read_text(), "it waits")
        coordinator.kill()
        eventually(lambda: sum("stored=" in standby.said.read_text() for standby in standbys) == 1, "one goes on")
        active, = [standby for standby in standbys if "stored=" in standby.said.read_text()]
        other, = [standby for standby in standbys if standby is not active]
        eventually(lambda: f"process={active.pid}" in other.said.read_text() or other.poll() is not None, "the other one sees it")
        self.assertIsNone(other.poll(), other.said.read_text())
        other.send_signal(signal.SIGTERM)
        self.ends(other, 130)
        self.worker()
        self.ends(active, 0)
        self.nothing_lost_or_counted_twice(8, 8 * EPOCHS)

    def test_a_study_has_workers_of_its_own_beside_those_that_join(self):
        self.write_study(workers=1)
        coordinator = self.coordinate()
        joined = self.worker()
        self.ends(coordinator, 0)
        self.assertIn('reason="finished"', self.ends(joined, 0))
        rows = self.rows()
        self.assertEqual({row["worker"].split("@")[0] for row in rows}, {"1", "joined"})
        self.nothing_lost_or_counted_twice(12, 12 * EPOCHS)
        self.same_as_undisturbed(rows)

    def test_workers_join_a_study_in_a_file_and_wait_for_it(self):
        self.store = str(self.folder / "study.db")
        workers = [self.worker("--wait", "20s") for _ in range(2)]
        self.write_study()
        coordinator = self.start("run", "study.toml", "--plain")
        self.ends(coordinator, 0)
        for worker in workers:
            self.assertIn('reason="finished"', self.ends(worker, 0))
        rows = self.rows()
        self.assertEqual(len({row["worker"] for row in rows}), 2)
        self.same_as_undisturbed(rows)

    def test_a_study_without_workers_says_what_to_start(self):
        self.store = self.store.replace("nascent@", "nascent:hidden@")
        self.write_study()
        coordinator = self.coordinate()
        eventually(lambda: "nascent worker" in coordinator.said.read_text(), "it says what to start", seconds=5)
        coordinator.send_signal(signal.SIGINT)
        said = self.ends(coordinator, 130)
        line, = [line for line in said.splitlines() if "nascent worker" in line]
        self.assertIn("workers.count is 0", line)
        self.assertNotIn("hidden", said)
        command = re.search(r"nascent (worker --store '\S+' --study \S+)", line).group(1).replace("'", "").split()
        standby = self.start("resume", self.store, "--study", "fashion", "--plain")
        self.ends(self.start(*command), 0)
        self.ends(standby, 0)

    # A worker that does not fit.

    def test_a_wrong_name_of_a_study_is_told_with_the_right_one(self):
        self.write_study()
        self.coordinate()
        said = self.refused_worker("--wait", "0.5s", study="fashoin", lines=2)
        self.assertIn("study=fashoin state=awaited wait_s=0.5", said.splitlines()[0])
        for part in self.server.url(self.database), '"fashoin"', 'it holds fashion', 'did you mean "fashion"?':
            self.assertIn(part, said)

    def test_a_store_that_is_not_there_is_told(self):
        port, = free_ports(1)
        said = self.refused_worker(store=f"postgresql://nascent@127.0.0.1:{port}/studies", code=4, lines=2, NASCENT_STORE_PATIENCE_S="0.5")
        self.assertIn("server=away retry_s=0.5", said.splitlines()[0])
        self.assertIn(f"127.0.0.1:{port}", said.splitlines()[1])
        said = self.refused_worker(store=self.server.url("nobodys"), code=4)
        self.assertIn('database "nobodys" does not exist', said)
        said = self.refused_worker("--wait", "0.5s", store=str(self.folder / "nowhere.db"), code=4)
        self.assertIn("nowhere.db", said)

    def test_a_plugin_that_is_missing_or_of_another_version_is_told(self):
        plugins = self.folder / "plugins"
        plugins.mkdir()
        for file in pathlib.Path(FAKES).glob("nascent-moody.*"):
            shutil.copy2(file, plugins)
        self.write_study(fakes=plugins)
        self.coordinate()
        self.server.query(self.database, "UPDATE nascent.plugins SET version = '9.9.9' WHERE alias = 'evolution'")
        said = self.refused_worker(code=3)
        for part in "study fashion", "org.nascent.sampler.evolution 9.9.9", "this machine has version 1.", "NASCENT_PLUGIN_PATH":
            self.assertIn(part, said)
        for file in plugins.iterdir():
            file.unlink()
        said = self.refused_worker(lines=2)
        for part in "this machine cannot run study fashion", 'there is no space "plane"', 'there is no trainer "moody"', str(plugins):
            self.assertIn(part, said)
        self.assertEqual(self.number("SELECT count(*) FROM nascent.leases"), 0)

    def test_another_nascent_is_told_and_one_that_cannot_read_the_store_is_refused(self):
        self.write_study(trials=1)
        coordinator = self.coordinate()
        self.server.query(self.database, "UPDATE nascent.studies SET nascent_version = '0.0.7'")
        said = self.ends(self.worker(), 0)
        line, = [line for line in said.splitlines() if "0.0.7" in line]
        self.assertIn("results may differ", line)
        self.ends(coordinator, 0)
        self.server.query(self.database, "UPDATE nascent.schema_version SET version = 99")
        said = self.refused_worker(code=4)
        for part in self.server.url(self.database), "99", "upgrade nascent":
            self.assertIn(part, said)


if __name__ == "__main__":
    result = unittest.main(exit=False).result
    print(f"skipped={len(result.skipped)}")
    sys.exit(not result.wasSuccessful())
