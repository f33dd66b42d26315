"""Thirty-two worker processes on one SQLite file: nobody hears of a lock, and every trial runs once."""
import collections
import os
import pathlib
import sqlite3
import subprocess
import tempfile
import unittest

NASCENT = os.environ["NASCENT"]
FAKES = os.environ["NASCENT_FAKES"]
WORKERS, TRIALS = 32, 1000

STUDY = f"""
study = {{ name = "study", parallel = {2 * WORKERS}, duplicates = "retrain" }}
objective = {{ metric = "val_loss", direction = "minimize" }}
stop = {{ trials = {TRIALS} }}
budget = {{ epochs = 2 }}
space = {{ type = "plane" }}
sampler = {{ type = "random" }}
scheduler = {{ type = "none" }}
trainer = {{ type = "moody", epoch_ms = 1 }}
workers = {{ count = {WORKERS} }}
plugins = {{ path = "{FAKES}" }}
"""


class ManyWorkers(unittest.TestCase):
    def test_share_one_file_without_a_lock_that_anybody_sees(self):
        with tempfile.TemporaryDirectory() as folder:
            study = pathlib.Path(folder, "study.toml")
            study.write_text(STUDY)
            ended = subprocess.run([NASCENT, "run", study], cwd=folder, capture_output=True, text=True, timeout=170)
            self.assertEqual(ended.returncode, 0, ended.stderr)
            self.assertNotIn("locked", (ended.stdout + ended.stderr).lower())
            with sqlite3.connect(pathlib.Path(folder, "study.db")) as database:
                trials = database.execute("SELECT id, state, attempts FROM trials ORDER BY id").fetchall()
                attempts = database.execute("SELECT trial_id, worker, ended_at, reason, message FROM leases").fetchall()
                reports = database.execute("SELECT trial_id, count(*) FROM reports GROUP BY trial_id").fetchall()
            database.close()
            self.assertEqual(trials, [(id, "completed", 1) for id in range(TRIALS)])
            self.assertEqual(sorted(trial for trial, *_ in attempts), list(range(TRIALS)))
            self.assertEqual([row for row in attempts if row[2] is None or row[3] != "none" or row[4]], [])
            self.assertEqual(reports, [(id, 2) for id in range(TRIALS)])
            self.assertEqual(len(collections.Counter(worker for _, worker, *_ in attempts)), WORKERS, "every worker took part")


if __name__ == "__main__":
    unittest.main()
