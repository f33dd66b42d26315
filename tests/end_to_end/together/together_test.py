"""Trials that several processes train together: the same results as one, and nobody left behind when one is killed."""
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import time
import unittest

NASCENT = os.environ["NASCENT"]

STUDY = """
[study]
name = "NAME"
store = "STORE"
seed = 1
parallel = 1

[objective]
metric = "val_loss"
direction = "minimize"

[stop]
trials = TRIALS

[budget]
epochs = EPOCHS

[dataset]
type = "csv"
path = "rows.csv"
target = "kind"

[space]
type = "mlp"
depth = [1, 2]
widths = [8, 16]
normalizations = "batch"

[trainer]
type = "torch"
precision = "fp32"
optimizer = "sgd"
learning_rate = 0.05
batch_size = 50
checkpoint_seconds = 0
processes = PROCESSES

[workers]
LIMITS
"""


def workers(word):
    """Numbers of the living worker processes with `word` on their command line."""
    found = []
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
            state = (folder / "stat").read_text().rsplit(") ", 1)[1][0]
        except (OSError, IndexError):  # it has ended
            continue
        if "nascent-worker" in words[0] and word in words and state not in "ZX":
            found.append((int(folder.name), "follower" in words))
    return found


def wait_until(holds, seconds=60):
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise AssertionError("it did not come true in time")
        time.sleep(0.02)


class Together(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        rows = [f"{i * 37 % 101},{i * 53 % 89},{'ab'[(i * 37 % 101 + i * 53 % 89) // 95]}" for i in range(150)]
        (self.folder / "rows.csv").write_text("x,y,kind\n" + "\n".join(rows) + "\n")
        self.addCleanup(lambda: [os.kill(pid, signal.SIGKILL) for pid, _ in workers(self.store())])

    def store(self):
        return str(self.folder / "study.db")

    def write(self, name, processes, trials=3, epochs=6, limits=""):
        text = STUDY
        for word, value in {"NAME": name, "TRIALS": trials, "EPOCHS": epochs, "PROCESSES": processes, "LIMITS": limits, "STORE": self.store()}.items():
            text = text.replace(word, str(value))
        (self.folder / f"{name}.toml").write_text(text)
        return f"{name}.toml"

    def nascent(self, *arguments, code=0):
        ended = subprocess.run([NASCENT, *arguments], cwd=self.folder, capture_output=True, text=True, timeout=120)
        self.assertEqual(ended.returncode, code, f"nascent {' '.join(arguments)}\n{ended.stdout}\n{ended.stderr}")
        return ended.stdout, ended.stderr

    def trials(self, name):
        return [json.loads(line) for line in self.nascent("trials", f"{name}.toml", "--json")[0].splitlines()]

    def start(self, *arguments):
        process = subprocess.Popen([NASCENT, *arguments], cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

        def stop():
            if process.poll() is None:
                process.kill()
            process.communicate()

        self.addCleanup(stop)
        return process

    def team_in_training(self, name):
        """Leader and followers, once the trial has reported."""
        wait_until(lambda: len(workers(self.store())) == 3)
        wait_until(lambda: list(self.folder.glob(f"study.artifacts/{name}/trial-0/checkpoint/*")))
        team = workers(self.store())
        return [pid for pid, follows in team if not follows], sorted(pid for pid, follows in team if follows)

    def test_two_processes_give_the_results_of_one(self):
        for name, processes in ("one", 1), ("two", 2):
            self.nascent("run", self.write(name, processes))
        one, two = self.trials("one"), self.trials("two")
        self.assertEqual(len(one), 3)
        for alone, together in zip(one, two, strict=True):
            self.assertEqual(together["state"], "completed")
            self.assertEqual(together["parameters"], alone["parameters"])
            for metric in "train_loss", "val_loss":
                self.assertAlmostEqual(together["metrics"][metric], alone["metrics"][metric], delta=1e-4)
        self.assertEqual(workers(self.store()), [])

    def test_a_killed_follower_costs_one_attempt_at_once(self):
        process = self.start("run", self.write("killed", 3, trials=1, epochs=150, limits="retries = 1"))
        leaders, followers = self.team_in_training("killed")
        os.kill(followers[1], signal.SIGKILL)
        wait_until(lambda: not any(pid in (*leaders, *followers) for pid, _ in workers(self.store())), seconds=10)
        out, _ = process.communicate(timeout=100)
        self.assertEqual(process.returncode, 0, out)
        self.assertIn("reason=crashed", out)
        self.assertIn("process 3 of 3 that train together ended by SIGKILL", out)
        self.assertEqual([trial["state"] for trial in self.trials("killed")], ["completed"])
        self.assertEqual(workers(self.store()), [])

    def test_a_killed_leader_takes_the_others_along(self):
        process = self.start("run", self.write("led", 3, trials=1, epochs=100000, limits="retries = 0"))
        leaders, followers = self.team_in_training("led")
        os.kill(leaders[0], signal.SIGKILL)
        wait_until(lambda: not any(pid in followers for pid, _ in workers(self.store())), seconds=10)
        process.communicate(timeout=60)
        trial, = self.trials("led")
        self.assertEqual((trial["state"], trial["reason"]), ("failed", "crashed"))
        self.assertEqual(workers(self.store()), [])

    def test_a_killed_coordinator_takes_all_along(self):
        process = self.start("run", self.write("orphans", 3, trials=1, epochs=100000))
        self.team_in_training("orphans")
        process.kill()
        wait_until(lambda: not workers(self.store()), seconds=10)

    def test_an_interrupted_study_goes_on_where_it_stood(self):
        study = self.write("interrupted", 2, trials=1, epochs=200)
        process = self.start("run", study)
        wait_until(lambda: list(self.folder.glob("study.artifacts/interrupted/trial-0/checkpoint/*")))
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130, out)
        self.assertEqual(workers(self.store()), [])
        self.nascent("resume", study)
        self.nascent("run", self.write("undisturbed", 2, trials=1, epochs=200))
        self.assertEqual(self.trials("interrupted")[0]["metrics"]["val_loss"], self.trials("undisturbed")[0]["metrics"]["val_loss"])

    def test_the_time_limit_ends_all(self):
        self.nascent("run", self.write("limited", 2, trials=1, epochs=100000, limits='trial_seconds_max = 3'), code=1)
        self.assertEqual(self.trials("limited")[0]["reason"], "timed_out")
        self.assertEqual(workers(self.store()), [])

    def test_several_processes_need_workers(self):
        study = self.write("inline", 2, limits='execution = "inline"')
        _, err = self.nascent("validate", study, code=2)
        self.assertIn("trainer.processes is 2, but with workers.execution = \"inline\"", err)

    def test_the_number_of_processes_is_not_searched(self):
        study = self.write("searched", "{ int_uniform = [1, 2] }")
        _, err = self.nascent("validate", study, code=2)
        self.assertIn("processes", err)


if __name__ == "__main__":
    unittest.main()
