"""A disk that is full or read-only, a damaged store, a torn checkpoint: one message that says where, what and the way out,
and nothing that was stored is lost."""
import json
import os
import pathlib
import resource
import signal
import subprocess
import tempfile
import time
import unittest

NASCENT = os.environ["NASCENT"]
FAKES = os.environ["NASCENT_FAKES"]  # folder of the plugins that misbehave on request
PAGE = 4096

TABLE_STUDY = """
[study]
name = "study"
seed = 3
parallel = 8
duplicates = "retrain"
[objective]
metric = "score"
direction = "maximize"
[stop]
trials = 4000
[space]
type = "declared"
[space.parameters]
x = { int_uniform = [1, 4] }
kind = { choice = ["a", "b"] }
[sampler]
type = "random"
[[evaluator]]
type = "table"
file = "POINTS"
metrics = { score = "score" }
[workers]
execution = "inline"
"""

MOODY_STUDY = f"""
study = {{ name = "study", parallel = 1 }}
objective = {{ metric = "val_loss", direction = "minimize" }}
stop = {{ trials = 1 }}
budget = {{ epochs = 4 }}
dataset = {{ type = "rows" }}
space = {{ type = "plane" }}
sampler = {{ type = "random" }}
evaluator = [{{ type = "mean" }}]
trainer = {{ type = "moody", epoch_ms = 300 }}
workers = {{ count = 1 }}
plugins = {{ path = "{FAKES}" }}
"""


class Faults(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        rows = [f"{x},{kind},{x / 8 + (0.25 if kind == 'b' else 0)}" for x in range(1, 5) for kind in "ab"]
        (self.folder / "points.csv").write_text("x,kind,score\n" + "\n".join(rows) + "\n")

    def study(self, folder, text=TABLE_STUDY):
        file = pathlib.Path(folder, "study.toml")
        file.write_text(text.replace("POINTS", str(self.folder / "points.csv")))
        return file

    def nascent(self, *arguments, code=0, **options):
        ended = subprocess.run([NASCENT, *map(str, arguments)], cwd=self.folder, capture_output=True, text=True, timeout=120, **options)
        self.assertEqual(ended.returncode, code, f"{ended.stdout[-2000:]}\n{ended.stderr}")
        return ended

    def complaint(self, *arguments, **options):
        """The only line that a command which fails says about it."""
        ended = subprocess.run([NASCENT, *map(str, arguments)], cwd=self.folder, capture_output=True, text=True, timeout=120, **options)
        self.assertGreater(ended.returncode, 0, ended.stdout[-2000:])
        lines = [line for line in ended.stderr.splitlines() if line.startswith("nascent: ")]
        self.assertEqual(len(lines), 1, ended.stderr)
        return lines[0]

    def trials(self, store):
        rows = [json.loads(line) for line in self.nascent("trials", store, "--json").stdout.splitlines()]
        return [(row["trial"], row["state"], row["parameters"], row["metrics"]) for row in rows]

    def undisturbed(self):
        folder = self.folder / "undisturbed"
        folder.mkdir()
        self.nascent("run", self.study(folder))
        return self.trials(folder / "study.db")

    def disk(self, size):
        """A folder that holds `size` bytes; only root may make one."""
        disk = self.folder / "disk"
        disk.mkdir()
        if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", disk], capture_output=True).returncode != 0:
            self.skipTest("a disk of its own can only be mounted by root")
        self.addCleanup(subprocess.run, ["umount", "-l", disk], check=True)
        return disk

    def test_a_full_disk_ends_the_run_and_with_space_it_goes_on_as_if_nothing_had_happened(self):
        disk = self.disk("900k")
        study = self.study(disk)
        message = self.complaint("run", study)
        store = disk / "study.db"
        for part in (str(store), "the disk is full", "nothing stored so far is lost", "`nascent resume`"):
            self.assertIn(part, message)
        kept = self.trials(store)
        self.assertGreater(len(kept), 100)
        subprocess.run(["mount", "-o", "remount,size=64m", disk], check=True)
        self.nascent("resume", study)
        self.assertEqual(self.trials(store), self.undisturbed())
        self.assertEqual(self.trials(store)[: len(kept)], kept)

    def test_a_file_at_its_size_limit_is_as_a_full_disk(self):
        study = self.study(self.folder)
        message = self.complaint("run", study, restore_signals=False,  # the signal of the limit stays ignored, as in Python
                                 preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, 600_000)))
        for part in (str(self.folder / "study.db"), "the file reached its size limit", "the study stays resumable", "`nascent resume`"):
            self.assertIn(part, message)
        self.nascent("resume", study)
        self.assertEqual(self.trials(self.folder / "study.db"), self.undisturbed())

    def test_a_read_only_disk_can_be_read_and_says_what_to_do_for_more(self):
        disk = self.disk("64m")
        study = self.study(disk)
        self.nascent("run", study, "--set", "stop.trials=50")
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        self.assertEqual(len(self.trials(disk / "study.db")), 50)
        self.assertIn("score", self.nascent("best", disk / "study.db").stdout)
        for command in (("resume", disk / "study.db", "--set", "stop.trials=60"), ("run", study, "--set", "study.name=\"other\"")):
            message = self.complaint(*command)
            self.assertRegex(message, rf"store {disk}/\w+\.db: its folder cannot be written \(Read-only file system\)")
            self.assertIn("name another place with study.store", message)

    def test_a_damaged_page_is_never_taken_for_trials(self):
        study = self.study(self.folder)
        self.nascent("run", study)
        store = self.folder / "study.db"
        whole = store.read_bytes()
        expected = self.trials(store)
        told = 0
        pages = len(whole) // PAGE
        for page in range(1, pages, max(1, pages // 12)):
            damaged = bytearray(whole)
            damaged[page * PAGE : page * PAGE + 200] = b"\xa5" * 200
            store.write_bytes(damaged)
            for command in (("trials", store, "--json"), ("best", store), ("resume", store, "--set", "stop.trials=4001")):
                ended = subprocess.run([NASCENT, *map(str, command)], cwd=self.folder, capture_output=True, text=True, timeout=120)
                self.assertGreaterEqual(ended.returncode, 0, "it crashed")
                if ended.returncode == 0:
                    continue
                lines = [line for line in ended.stderr.splitlines() if line.startswith("nascent: ")]
                self.assertEqual(len(lines), 1, ended.stderr)
                self.assertRegex(lines[0], r"damaged.*(\.recover|restore a copy)")
                self.assertIn("study.db", lines[0])
                told += 1
            for companion in ("study.db-wal", "study.db-shm"):
                (self.folder / companion).unlink(missing_ok=True)
        self.assertGreater(told, 10)
        store.write_bytes(whole)
        self.assertEqual(self.trials(store), expected)

    def test_a_torn_checkpoint_costs_the_work_and_not_the_trial(self):
        folders = [self.folder / "torn", self.folder / "whole"]
        for folder in folders:
            folder.mkdir()
        study = self.study(folders[0], MOODY_STUDY)
        process = subprocess.Popen([NASCENT, "run", study], cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        checkpoint = folders[0] / "study.artifacts" / "study" / "trial-0" / "checkpoint" / "state"
        deadline = time.monotonic() + 60
        while not checkpoint.exists():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
        os.truncate(checkpoint, 0)
        ended = self.nascent("resume", study)
        said = [line for line in (ended.stdout + ended.stderr).splitlines() if "train_anew" in line]
        self.assertEqual(len(said), 1, ended.stdout + ended.stderr)
        self.assertIn(str(checkpoint.parent), said[0])
        self.nascent("run", self.study(folders[1], MOODY_STUDY))
        self.assertEqual(*(self.trials(folder / "study.db") for folder in folders))


if __name__ == "__main__":
    unittest.main()
