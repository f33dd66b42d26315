"""The command line as a person uses it: studies over a small table and over a shell script."""
import csv
import io
import json
import os
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time
import tomllib
import unittest

NASCENT = os.environ["NASCENT"]
FAKES = os.environ["NASCENT_FAKES"]  # folder of the plugins that misbehave on request

TABLE_STUDY = """
[study]
name = "table"
seed = 3
parallel = 2

[objective]
metric = "score"
direction = "maximize"

[stop]
trials = 8

[space]
type = "declared"

[space.parameters]
x = { int_uniform = [1, 4] }
kind = { choice = ["a", "b"] }

[sampler]
type = "random"

[[evaluator]]
type = "table"
file = "points.csv"
metrics = { score = "score" }
"""

SCRIPT_STUDY = """
[study]
parallel = 1

[objective]
metric = "loss"
direction = "minimize"

[stop]
trials = 3

[budget]
epochs = 1

[space]
type = "declared"

[space.parameters]
x = { uniform = [0.0, 1.0] }

[sampler]
type = "random"

[trainer]
type = "command"
command = ["sh", "-c", "SCRIPT"]
"""

# Trained in worker processes, with a test split.
MOODY_STUDY = f"""
objective = {{ metric = "val_loss", direction = "minimize" }}
stop = {{ trials = 2 }}
budget = {{ epochs = 2 }}
dataset = {{ type = "rows" }}
space = {{ type = "plane" }}
sampler = {{ type = "random" }}
evaluator = [{{ type = "mean" }}]

[trainer]
type = "moody"

[plugins]
path = "{FAKES}"
"""

DATA_STUDY = """
objective = { metric = "parameters", direction = "minimize" }
stop = { trials = 2 }
dataset = { type = "csv", path = "data.csv", target = "y" }
space = { type = "mlp" }
sampler = { type = "random" }
evaluator = [{ type = "cost" }]
"""


def processes_with(text):
    """Living processes whose command line holds `text`."""
    found = []
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:  # it has ended
            continue
        if text in command:
            found.append(command)
    return found


def wait_until(holds, seconds=20):
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise AssertionError("it did not come true in time")
        time.sleep(0.02)


class CommandLine(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        rows = [f"{x},{kind},{x / 8 + (0.25 if kind == 'b' else 0)}" for x in range(1, 5) for kind in "ab"]
        (self.folder / "points.csv").write_text("x,kind,score\n" + "\n".join(rows) + "\n")
        (self.folder / "table.toml").write_text(TABLE_STUDY)

    def write(self, name, text):
        (self.folder / name).write_text(text)
        return name

    def script_study(self, name, script):
        quoted = script.replace("\\", "\\\\").replace('"', '\\"')
        return self.write(name, SCRIPT_STUDY.replace("SCRIPT", quoted))

    def nascent(self, *arguments, code=0):
        """Runs nascent in the test's folder, expects its exit code, returns standard output and error."""
        ended = subprocess.run([NASCENT, *arguments], cwd=self.folder, capture_output=True, text=True, timeout=120)
        self.assertEqual(ended.returncode, code, f"nascent {' '.join(arguments)}\n{ended.stdout}\n{ended.stderr}")
        return ended.stdout, ended.stderr

    def start(self, *arguments):
        process = subprocess.Popen([NASCENT, *arguments], cwd=self.folder, stdout=subprocess.PIPE, text=True)

        def stop():
            if process.poll() is None:
                process.kill()
            process.wait()
            process.stdout.close()

        self.addCleanup(stop)
        return process

    def trials(self, study):
        return [json.loads(line) for line in self.nascent("trials", study, "--json")[0].splitlines()]

    def until(self, condition, what):
        deadline = time.monotonic() + 60
        while not condition():
            self.assertLess(time.monotonic(), deadline, what)
            time.sleep(0.05)

    def test_run_writes_lines_of_data_and_a_result(self):
        out, _ = self.nascent("run", "table.toml")
        lines = out.splitlines()
        self.assertEqual(lines[0], "study=table sampler=random parallel=2 deterministic=true stored=0")
        self.assertTrue(any(line.startswith("trial=7 state=completed score=") for line in lines), out)
        self.assertTrue(lines[-1].startswith("result trial "), out)

    def test_json_lines_parse_and_end_in_the_result(self):
        out, _ = self.nascent("run", "table.toml", "--json")
        events = [json.loads(line) for line in out.splitlines()]
        self.assertEqual(events[0]["event"], "started")
        self.assertEqual([e["trial"]["trial"] for e in events if e["event"] == "finished"], list(range(8)))
        self.assertEqual(events[-1]["event"], "result")
        self.assertFalse(events[-1]["interrupted"])

    def test_a_mistyped_key_is_named_with_its_place(self):
        self.write("bad.toml", TABLE_STUDY.replace("trials = 8", "trails = 8"))
        _, err = self.nascent("run", "bad.toml", code=2)
        self.assertEqual(err.splitlines()[0], 'nascent: bad.toml:12:1: unknown key "trails" in [stop]; did you mean "trials"?')

    def test_a_metric_that_nothing_measures_is_refused_before_training(self):
        self.write("bad.toml", TABLE_STUDY.replace('metric = "score"', 'metric = "scor"') + '[[constraint]]\nmetric = "size"\nmax = 1\n')
        _, err = self.nascent("run", "bad.toml", code=2)
        self.assertEqual(
            err.splitlines(),
            ['nascent: bad.toml:8:10: objective.metric is "scor", which nothing in this study measures; did you mean "score"?',
             'bad.toml:29:10: constraint.0.metric is "size", which nothing in this study measures; valid: score'])
        self.assertFalse((self.folder / "bad.db").exists())
        self.assertEqual(self.nascent("validate", "bad.toml", code=2)[1], err)

    def test_mistakes_of_every_kind_are_told_together(self):
        study = TABLE_STUDY.replace("trials = 8", "trails = 8").replace('"random"', '"randm"').replace('metric = "score"', 'metric = "scor"')
        self.write("bad.toml", study + '[dataset]\ntype = "csv"\npath = "nowhere.csv"\ntarget = "y"\n')
        _, err = self.nascent("run", "bad.toml", code=2)
        lines = err.splitlines()
        self.assertEqual(len(lines), 3, err)
        self.assertEqual(lines[0], 'nascent: bad.toml:12:1: unknown key "trails" in [stop]; did you mean "trials"?')
        self.assertIn('bad.toml:22:8: there is no sampler "randm"; did you mean "random"?', lines[1])
        self.assertEqual(lines[2], f"bad.toml:30:8: dataset.path: {self.folder / 'nowhere.csv'}: No such file or directory")
        self.assertEqual(self.nascent("validate", "bad.toml", code=2)[1], err)
        self.assertFalse((self.folder / "bad.db").exists())

    def test_a_wrong_plugin_folder_is_told_with_the_mistakes_of_the_file_and_no_plugin_is_missed(self):
        self.write("bad.toml", TABLE_STUDY.replace("trials = 8", "trails = 8").replace('"random"', '"mine"') + '[plugins]\npath = ["nowhere"]\n')
        _, err = self.nascent("validate", "bad.toml", code=2)
        self.assertEqual(err, 'nascent: bad.toml:12:1: unknown key "trails" in [stop]; did you mean "trials"?\n'
                              f"bad.toml:29:9: plugins.path: there is no folder {self.folder / 'nowhere'}\n")

    def test_a_store_is_no_study_file(self):
        self.nascent("run", "table.toml")
        _, err = self.nascent("validate", "table.db", code=2)
        self.assertEqual(err, "nascent: table.db: is an SQLite file, as a study's store is; a study is a TOML file: is this the right one?\n")

    def test_numbers_out_of_order_are_shown(self):
        (self.folder / "data.csv").write_text("a,y\n1,2\n3,4\n2,4\n")
        self.write("data.toml", DATA_STUDY.replace('type = "mlp"', 'type = "mlp", depth = [3, 1]'))
        _, err = self.nascent("validate", "data.toml", code=2)
        self.assertEqual(err, "nascent: data.toml:5:33: space.depth is [3, 1]; it has to be one value, or [lowest, highest]\n")

    def test_log_lines_are_data(self):
        folder = self.folder / "plugins"
        folder.mkdir()
        (folder / "nascent-broken.nascent.json").write_text("{}")
        for path, line in ((folder, f'plugin="{folder}/nascent-broken.nascent.json" state=refused reason="'),
                           (self.folder / "nowhere", f'variable=NASCENT_PLUGIN_PATH folder="{self.folder}/nowhere" reason="there is no such folder"')):
            ended = subprocess.run([NASCENT, "validate", "table.toml"], cwd=self.folder, capture_output=True, text=True,
                                   env=dict(os.environ, NASCENT_PLUGIN_PATH=f"{path}:{os.environ.get('NASCENT_PLUGIN_PATH', '')}"))
            self.assertEqual(ended.returncode, 0, ended.stderr)
            self.assertIn(line, ended.stderr)

    def test_a_metric_that_only_the_program_knows_shows_with_the_first_trial(self):
        study = self.script_study("late.toml", 'echo "{\\"los\\": 1}" >&3')
        self.nascent("run", study, code=1)
        self.assertEqual(self.trials(study)[0]["message"], 'nothing measured the objective "loss"; did you mean "los"?')

    def test_an_option_that_a_component_refuses_leaves_no_study_behind(self):
        study = self.write("bad.toml", SCRIPT_STUDY.replace('["sh", "-c", "SCRIPT"]', '"python3 train.py"'))
        _, err = self.nascent("run", study, code=2)
        self.assertIn("bad.toml:26:11: trainer.command is 'python3 train.py', which is no program that can be run", err)
        self.assertEqual(self.nascent("validate", study, code=2)[1], err)
        self.assertFalse((self.folder / "bad.db").exists())

    def test_an_evaluator_that_the_study_gives_nothing_to_measure_is_refused(self):
        for evaluator, metric, complaint in (
            ("cost", "parameters", 'evaluator "cost" needs architectures, and space "declared" builds none'),
            ("latency", "latency_ms_p50", 'evaluator.0 "latency" measures models, and the study has no [trainer]'),
        ):
            study = TABLE_STUDY.replace('"table"\nfile = "points.csv"\nmetrics = { score = "score" }', f'"{evaluator}"')
            self.write("bad.toml", study.replace('metric = "score"', f'metric = "{metric}"'))
            _, err = self.nascent("run", "bad.toml", code=2)
            self.assertIn("bad.toml:25:8: " + complaint, err)
            self.assertFalse((self.folder / "bad.db").exists())

    def test_a_data_file_that_cannot_be_read_is_invalid_input_with_its_place(self):
        study = SCRIPT_STUDY.replace('["sh", "-c", "SCRIPT"]', '"true"') + '[dataset]\ntype = "csv"\npath = "rows.csv"\ntarget = "y"\n'
        self.write("data.toml", study)
        for content, complaint in ((None, "No such file or directory"), ("", "is empty"), ("x,y\n1,a\n2", "rows.csv:3:1: the row has 1 cells")):
            if content is not None:
                self.write("rows.csv", content)
            _, err = self.nascent("run", "data.toml", code=2)
            self.assertIn("data.toml:29:8: dataset.path: " + str(self.folder / "rows.csv"), err)
            self.assertIn(complaint, err)
        _, err = self.nascent("validate", "data.toml", "--set", "dataset.path=other.csv", code=2)
        self.assertEqual(err, f"nascent: --set: dataset.path: {self.folder / 'other.csv'}: No such file or directory\n")

    def test_a_plugin_folder_that_is_not_there_is_named_with_its_place(self):
        self.write("bad.toml", TABLE_STUDY + '[plugins]\npath = ["nowhere"]\n')
        _, err = self.nascent("run", "bad.toml", code=2)
        self.assertIn("bad.toml:29:9: plugins.path: there is no folder " + str(self.folder / "nowhere"), err)

    @unittest.skipUnless(os.geteuid() == 0, "only root can make a program that runs with raised privileges")
    def test_the_plugin_path_of_the_environment_is_ignored_when_privileged(self):
        if os.statvfs(self.folder).f_flag & os.ST_NOSUID:
            self.skipTest("programs in the temporary folder are never privileged")
        plugins = str(pathlib.Path(NASCENT).parent.parent / "lib/nascent/plugins")
        for mode, found in ((0o755, True), (0o4755, False)):
            program = self.folder / f"nascent-{mode:o}"
            shutil.copy(NASCENT, program)
            program.chmod(mode)
            self.folder.chmod(0o755)
            ended = subprocess.run([program, "plugin", "list", "sampler"], env={"NASCENT_PLUGIN_PATH": plugins}, user=65534, cwd="/",
                                   capture_output=True, text=True)
            self.assertEqual(ended.returncode, 0, ended.stderr)
            self.assertEqual("random" in ended.stdout, found, ended.stdout)

    def test_one_text_counts_as_a_list_of_one(self):
        rows = [f"{i},{i % 7},{'ab'[i % 2]}" for i in range(40)]
        self.write("rows.csv", "x,y,kind\n" + "\n".join(rows) + "\n")
        study = SCRIPT_STUDY.replace('["sh", "-c", "SCRIPT"]', '"true"')
        self.write("one.toml", study + '[dataset]\ntype = "csv"\npath = "rows.csv"\ntarget = "kind"\nignore = "y"\n')
        self.nascent("validate", "one.toml")
        _, err = self.nascent("validate", "one.toml", "--set", "dataset.target=kid", code=2)
        self.assertIn("--set: dataset.target", err)

    def test_an_unknown_plugin_is_named_with_the_nearest(self):
        self.write("bad.toml", TABLE_STUDY.replace('"random"', '"randm"'))
        _, err = self.nascent("validate", "bad.toml", code=2)
        self.assertIn('did you mean "random"?', err.splitlines()[0])
        self.assertIn("bad.toml:22:8:", err.splitlines()[0])

    def test_typing_mistakes_show_the_nearest_name(self):
        self.nascent("run", "table.toml")
        _, err = self.nascent("plugin", "inspect", "sampler", "randm", code=2)
        self.assertIn('did you mean "random"?', err)
        _, err = self.nascent("best", "table.db", "--study", "tabel", code=2)
        self.assertIn("did you mean 'table'?", err)
        _, err = self.nascent("show", "table.toml", "99", code=2)
        self.assertIn("has no trial 99; it has 8 trials", err)

    def test_overrides(self):
        self.nascent("run", "table.toml", "--set", "stop.trials=3", "--set", "study.store=three.db")
        self.assertEqual(len(self.trials("three.db")), 3)
        for override, complaint in (
            ("stop.trails=3", '--set: unknown key "trails" in [stop]; did you mean "trials"?'),
            ("stop.trials=x", '--set: stop.trials is "x"; it has to be a whole number of at least 1'),
            ("stop", '--set: "stop" sets nothing; write --set section.key=value'),
        ):
            _, err = self.nascent("run", "table.toml", "--set", override, code=2)
            self.assertEqual(err.splitlines()[0], "nascent: " + complaint)

    def test_a_study_is_created_once_and_resumed_for_more(self):
        self.nascent("run", "table.toml")
        before = self.trials("table.toml")
        _, err = self.nascent("run", "table.toml", code=4)
        self.assertIn('there is a study "table" already; continue it with `nascent resume`', err)
        self.nascent("resume", "table.toml", "--set", "stop.trials=10")
        after = self.trials("table.toml")
        self.assertEqual(after[:8], before)
        self.assertEqual(len(after), 10)
        _, err = self.nascent("resume", "table.toml", "--set", "sampler.type=grid", code=2)
        self.assertIn("only stop.*, workers.* and plugins.* can change", err)

    def test_the_same_study_gives_the_same_trials(self):
        self.nascent("run", "table.toml")
        self.nascent("run", "table.toml", "--set", "study.store=again.db")
        keys = ("trial", "state", "parameters", "metrics", "accepted", "seed")
        first, second = ([{k: t[k] for k in keys} for t in self.trials(s)] for s in ("table.db", "again.db"))
        self.assertEqual(first, second)

    def test_trials_as_csv(self):
        self.nascent("run", "table.toml")
        rows = list(csv.DictReader(io.StringIO(self.nascent("trials", "table.db", "--csv")[0])))
        self.assertEqual(len(rows), 8)
        for row in rows:
            expected = int(row["space.x"]) / 8 + (0.25 if row["space.kind"] == "b" else 0)
            self.assertEqual(float(row["score"]), expected)

    def test_no_two_columns_have_one_name(self):
        study = TABLE_STUDY.replace('metric = "score"', 'metric = "cost"').replace("{ score = ", "{ cost = ")
        self.write("cost.toml", study + '[[evaluator]]\ntype = "table"\nfile = "points.csv"\nmetrics = { state = "score" }\n')
        self.nascent("run", "cost.toml")
        header = self.nascent("trials", "cost.toml")[0].splitlines()[0].split()
        self.assertEqual(header, ["trial", "state", "metric.cost", "cost", "parameters"])
        self.assertEqual(self.nascent("best", "cost.toml")[0].split()[:3], ["trial", "metric.cost", "cost"])
        columns = self.nascent("trials", "cost.toml", "--csv")[0].splitlines()[0].split(",")
        self.assertEqual(columns, ["trial", "role", "state", "reason", "cost_seconds", "space.x", "space.kind", "cost", "metric.state"])

    def test_trials_sorted_and_limited(self):
        self.nascent("run", "table.toml")
        out, _ = self.nascent("trials", "table.db", "--sort", "-score", "--limit", "3", "--json")
        scores = [json.loads(line)["metrics"]["score"] for line in out.splitlines()]
        self.assertEqual(scores, sorted((t["metrics"]["score"] for t in self.trials("table.db")), reverse=True)[:3])

    def test_sorting_by_a_metric_that_no_trial_has_is_refused(self):
        self.nascent("run", "table.toml")
        _, err = self.nascent("trials", "table.db", "--sort", "-scor", code=2)
        self.assertIn('--sort -scor: no trial shown has such a metric; did you mean "score"?', err)

    def test_output_that_cannot_be_written_is_told(self):
        for command in ("run", "trials"):
            with open("/dev/full", "w") as full:
                ended = subprocess.run([NASCENT, command, "table.toml"], cwd=self.folder, stdout=full, stderr=subprocess.PIPE, text=True)
            self.assertEqual(ended.returncode, 5, ended.stderr)
            self.assertIn("No space left on device", ended.stderr)
        self.assertEqual(len(self.trials("table.toml")), 8)

    def test_a_reader_that_leaves_interrupts_the_study(self):
        study = self.script_study("slow.toml", 'sleep 0.2; echo "{\\"loss\\": $NASCENT_PARAM_X}" >&3')
        process = self.start("run", study, "--set", "stop.trials=100")
        process.stdout.readline()
        process.stdout.close()
        self.assertEqual(process.wait(60), 130)
        self.assertEqual(json.loads(self.nascent("status", study, "--json")[0])["stop_reason"], "interrupted")

    def test_best_is_the_best_trial(self):
        self.nascent("run", "table.toml")
        best = json.loads(self.nascent("best", "table.toml", "--json")[0])
        self.assertEqual(best["metrics"]["score"], max(t["metrics"]["score"] for t in self.trials("table.toml")))

    def test_posterior_of_trials_finds_the_good_values(self):
        self.nascent("run", "table.toml", "--set", "stop.trials=200")
        posterior = json.loads(self.nascent("posterior", "table.toml", "--json")[0])
        self.assertEqual((posterior["source"], posterior["configurations"], posterior["threshold"]), ("trials", 200, 0.75))
        values = {p["name"]: {v["value"]: v for v in p["values"]} for p in posterior["parameters"]}
        self.assertEqual([values["space.kind"][v]["prior"] for v in "ab"], [0.5, 0.5])
        self.assertGreater(values["space.kind"]["b"]["posterior"], 0.9)  # the only good one is x=4 kind=b
        self.assertGreater(values["space.x"]["4"]["low"], 0.7)
        self.assertIn("\ntrust   worth ", self.nascent("posterior", "table.toml")[0])

    def test_posterior_of_a_sampler_that_draws_from_it(self):
        self.nascent("run", "table.toml", "--set", 'sampler.type="mcmc"', "--set", "stop.trials=200")
        posterior = json.loads(self.nascent("posterior", "table.toml", "--json")[0])
        self.assertEqual(posterior["source"], "sampler")
        self.assertIn("acceptance_rate", posterior["diagnostics"])
        self.assertEqual(json.loads(self.nascent("posterior", "table.toml", "--trials", "--json")[0])["source"], "trials")

    def test_queued_configurations_are_tried_first(self):
        self.nascent("run", "table.toml", "--set", "stop.trials=3")
        out, _ = self.nascent("enqueue", "table.toml", "space.x=4", "space.kind=b")
        self.assertEqual(out.splitlines()[0], "queued space.x=4 space.kind=b")
        self.assertRegex(out.splitlines()[1], r"^1 waiting; the next trials of study table try them: nascent resume \S*table\.(toml|db) --study table$")
        queued = json.loads(self.nascent("enqueue", "table.db", "space.x=2", "--json")[0])
        self.assertEqual((queued["parameters"]["space.x"], queued["waiting"]), (2, 2))
        self.assertIn("waiting  2 queued configurations", self.nascent("status", "table.toml")[0])
        self.nascent("resume", "table.toml", "--set", "stop.trials=6")
        trials = self.trials("table.toml")
        self.assertEqual(trials[3]["parameters"], {"space.x": 4, "space.kind": "b"})
        self.assertEqual(trials[4]["parameters"], queued["parameters"])
        self.assertEqual(json.loads(self.nascent("status", "table.toml", "--json")[0])["waiting"], 0)
        self.assertIn("the same to the bit", self.nascent("replay", "table.toml", "3")[0])

    def test_a_configuration_can_be_queued_while_the_study_runs(self):
        study = self.script_study("slow.toml", 'sleep 0.3; echo "{\\"loss\\": $NASCENT_PARAM_X}" >&3')
        process = self.start("run", study, "--json")
        process.stdout.readline()
        self.nascent("enqueue", study, "space.x=0.125")
        process.stdout.read()
        self.assertEqual(process.wait(60), 0)
        self.assertIn(0.125, [t["parameters"]["space.x"] for t in self.trials(study)])

    def test_a_wrong_configuration_is_not_queued(self):
        self.nascent("run", "table.toml")
        _, err = self.nascent("enqueue", "table.toml", "space.x=5", "space.knid=b", "space.kind=c", code=2)
        self.assertEqual(err, 'nascent: enqueue: unknown parameter "space.knid"; did you mean "space.kind"?\n'
                              "enqueue: space.x is 5; it has to be a whole number from 1 to 4\n"
                              'enqueue: space.kind is "c"; it has to be one of a, b\n')
        self.assertEqual(json.loads(self.nascent("status", "table.toml", "--json")[0])["waiting"], 0)

    def test_a_warm_start_tries_given_configurations_and_the_best_of_earlier_studies(self):
        self.nascent("run", "table.toml", "--set", "stop.trials=40")
        best = json.loads(self.nascent("best", "table.toml", "--json")[0])["parameters"]
        self.write("warm.toml", TABLE_STUDY.replace('"table"\nseed', '"warm"\nseed').replace("[1, 4]", "[2, 4]") +
                   '\n[warm_start]\nconfigurations = [{ "space.x" = 3, space.kind = "a" }]\nstudies = ["table.db#table"]\ntop = 2\n')
        self.assertIn("3 configurations of [warm_start] are tried first", self.nascent("validate", "warm.toml")[0])
        self.nascent("run", "warm.toml")
        trials = self.trials("warm.toml")
        self.assertEqual([t["parameters"] for t in trials[:2]], [{"space.x": 3, "space.kind": "a"}, best])
        (self.folder / "table.db").unlink()
        self.nascent("resume", "warm.toml", "--set", "stop.trials=10")  # the study keeps what it took
        _, err = self.nascent("validate", "warm.toml", code=2)
        self.assertRegex(err, r"^nascent: warm\.toml:\d+:12: store \S+table\.db does not exist")

    def test_importance_finds_what_the_objective_depends_on(self):
        rows = [f"{x},{kind},{x + (kind == 'b')}" for x in range(1, 9) for kind in "ab"]
        self.write("points.csv", "x,kind,score\n" + "\n".join(rows) + "\n")
        self.write("table.toml", TABLE_STUDY.replace("[1, 4]", "[1, 8]").replace('"random"', '"grid"\nlevels = 8'))
        self.nascent("run", "table.toml")
        _, err = self.nascent("importance", "table.toml", code=2)
        self.assertEqual(err, "nascent: 8 different configurations of study table have completed; importance needs at least 10\n")
        self.nascent("resume", "table.toml", "--set", "stop.trials=16")
        importance = json.loads(self.nascent("importance", "table.toml", "--json")[0])["objectives"][0]
        self.assertEqual((importance["objective"], importance["configurations"]), ("score", 16))
        self.assertEqual([p["name"] for p in importance["parameters"]], ["space.x", "space.kind"])
        self.assertGreater(importance["parameters"][0]["share"], 0.8)  # 5.25 of 5.5
        self.assertRegex(self.nascent("importance", "table.toml")[0], r"\ntrust   out-of-bag R\^2 0\.\d\d over 16 configurations: ")

    def test_importance_says_what_it_leaves_out(self):
        study = self.script_study("some.toml", 'case $NASCENT_PARAM_X in 0.[0-2]*) exit 1;; esac; echo "{\\"loss\\": $NASCENT_PARAM_X}" >&3')
        self.nascent("run", study, "--set", "stop.trials=30")
        failed = sum(t["state"] == "failed" for t in self.trials(study))
        self.assertIn(f"\nleft out: {failed} failed trials, which have no final value\n", self.nascent("importance", study)[0])
        left_out = json.loads(self.nascent("importance", study, "--json")[0])["left_out"]
        self.assertEqual(left_out, {"failed": failed, "pruned": 0, "paused": 0, "invalid": 0})

    def test_show_of_a_study_with_several_objectives_gives_its_hypervolume(self):
        rows = [f"{x},{kind},{x},{x * x + (kind == 'b')}" for x in range(1, 5) for kind in "ab"]
        self.write("points.csv", "x,kind,score,size\n" + "\n".join(rows) + "\n")
        study = TABLE_STUDY.replace('[stop]', '[[objective]]\nmetric = "size"\ndirection = "minimize"\n[stop]').replace("[objective]", "[[objective]]", 1)
        self.write("two.toml", study.replace('{ score = "score" }', '{ score = "score", size = "size" }'))
        self.nascent("run", "two.toml", "--set", 'sampler.type="grid"')
        shown = json.loads(self.nascent("show", "two.toml", "--json")[0])
        self.assertEqual(shown["hypervolume"], {"value": 13 + 8 + 1, "reference": {"score": 1, "size": 17}})
        self.assertEqual(len(shown["best"]), 4)
        self.assertIn("hypervolume 5, reference score=0 size=5\n", self.nascent("show", "two.toml", "--reference", "score=0", "size=5")[0])
        _, err = self.nascent("show", "two.toml", "--reference", "score=0", code=2)
        self.assertIn("--reference needs a value for every objective; add size=NUMBER", err)

    def test_show_as_text_and_json(self):
        self.nascent("run", "table.toml")
        shown = json.loads(self.nascent("show", "table.toml", "0", "--json")[0])
        out, _ = self.nascent("show", "table.toml", "0")
        self.assertTrue(out.startswith("trial 0 search completed"), out)
        self.assertRegex(out, rf"space\.kind +{shown['parameters']['space.kind']}")

    def test_show_gives_a_matrix_by_its_rows(self):
        rows = [f"{i % 4 + (i % 3) / 10},{'ab'[i % 2]}" for i in range(60)]
        self.write("rows.csv", "x,y\n" + "\n".join(rows) + "\n")
        study = DATA_STUDY.replace("data.csv", "rows.csv").replace('"parameters", direction = "minimize"', '"val_accuracy", direction = "maximize"')
        self.write("matrix.toml", study.replace('"cost"', '"classification"') + 'trainer = { type = "torch" }\nbudget = { epochs = 1 }\n')
        self.nascent("run", "matrix.toml", "--set", "stop.trials=1")
        flat = json.loads(self.nascent("show", "matrix.toml", "0", "--json")[0])["details"]["confusion_matrix"]
        self.assertEqual(len(flat), 4)
        out, _ = self.nascent("show", "matrix.toml", "0")
        self.assertRegex(out, r"(?m)^confusion_matrix +0 +1\n0 +%d +%d\n1 +%d +%d$" % tuple(flat))

    def test_trials_are_promoted_from_part_to_part_of_the_data(self):
        rows = [f"{i % 17},{i % 23},{'ab'[(i % 17) * 2 > i % 23 + i % 3]}" for i in range(400)]
        self.write("data.csv", "x,z,y\n" + "\n".join(rows) + "\n")
        study = DATA_STUDY.replace('"parameters", direction = "minimize"', '"val_loss", direction = "minimize"').replace("trials = 2", "trials = 16")
        study += 'budget = { fraction = 1 }\ntrainer = { type = "torch", passes = 2, learning_rate = { log_uniform = [1e-4, 1e-1] } }\n'
        self.write("full.toml", study)
        self.write("halved.toml", study + 'scheduler = { type = "asha", form = "promotion", eta = 4, budget_min = 0.0625 }\n')
        curves = {}
        for name in ("full", "halved"):
            self.nascent("run", f"{name}.toml")
            shown = [json.loads(self.nascent("show", f"{name}.toml", str(n), "--json")[0]) for n in range(16)]
            curves[name] = [[(r["budget"], r["metrics"]["val_loss"]) for r in trial["reports"]] for trial in shown]
        parts = [0.0625, 0.125, 0.25, 0.5, 1]
        for full, halved in zip(curves["full"], curves["halved"]):
            self.assertEqual([budget for budget, _ in full], parts)
            self.assertEqual(halved, full[:len(halved)], "a trial that paused goes on as one that never did")
        lengths = sorted(len(halved) for halved in curves["halved"])
        self.assertEqual(sorted(set(lengths)), [1, 3, 5], "trials pause at the rungs 1/16 and 1/4")
        trials = self.trials("halved.toml")
        self.assertEqual({trial["state"] for trial in trials}, {"completed", "paused"})
        self.assertEqual(sorted(trial["budget_spent"] for trial in trials), [parts[n - 1] for n in lengths])

    def test_status_as_text_and_json(self):
        self.nascent("run", "table.toml")
        status = json.loads(self.nascent("status", "table.toml", "--json")[0])
        self.assertEqual((status["study"], status["trials"]["completed"], status["running"]), ("table", 8, []))
        self.assertTrue(self.nascent("status", "table.db")[0].startswith("study table in "))

    def test_status_counts_final_trainings_apart(self):
        study = self.write("moody.toml", MOODY_STUDY + "[final]\ntop = 1\nseeds = 3\n")
        self.nascent("run", study)
        status = json.loads(self.nascent("status", study, "--json")[0])
        self.assertEqual((status["trials"]["completed"], status["finals"]["completed"]), (2, 3))
        self.assertIn("trials   2: 2 completed\nfinals   3: 3 completed\n", self.nascent("status", study)[0])

    def test_status_tells_who_runs_the_study_and_when_nobody_does(self):
        study = self.script_study("slow.toml", 'sleep 1; echo "{\\"loss\\": $NASCENT_PARAM_X}" >&3')
        process = self.start("run", study, "--json")
        process.stdout.readline()
        self.assertEqual(json.loads(self.nascent("status", study, "--json")[0])["coordinator"]["pid"], process.pid)
        self.assertRegex(self.nascent("status", study)[0], rf"state    running \(process {process.pid} on ")
        process.kill()
        process.wait()
        self.assertIsNone(json.loads(self.nascent("status", study, "--json")[0])["coordinator"])
        self.assertIn("state    interrupted: the process that ran it is gone; continue with: nascent resume", self.nascent("status", study)[0])

    def test_a_study_that_cannot_go_on_says_why_in_its_status(self):
        study = self.script_study("failing.toml", "exit 7")
        _, err = self.nascent("run", study, "--set", "stop.trials=100", code=3)
        self.assertIn("the first 5 trials all failed alike", err)
        status = json.loads(self.nascent("status", study, "--json")[0])
        self.assertEqual((status["state"], status["trials"]["running"], status["running"]), ("stopped", 0, []))
        self.assertIn("the first 5 trials all failed alike", status["stop_reason"])

    def test_ending_a_trial_ends_all_that_its_program_started(self):
        mark = f"600.{os.getpid()}"
        study = self.script_study("hanging.toml", f'trap "" TERM; sleep {mark} & sleep {mark}')
        self.nascent("run", study, "--set", "stop.trials=1", "--set", "workers.count=1", "--set", "workers.retries=0",
                     "--set", "workers.trial_seconds_max=0.2", "--set", "trainer.grace=60", code=1)
        self.assertEqual(processes_with(mark), [])

    def test_a_worker_that_somebody_kills_leaves_no_process(self):
        mark = f"602.{os.getpid()}"
        study = self.script_study("killed.toml", f"(setsid sleep {mark} &) ; sleep {mark} & sleep {mark}")
        process = self.start("run", study, "--set", "stop.trials=1", "--set", "workers.count=1", "--set", "workers.retries=0")
        wait_until(lambda: len(processes_with(mark)) >= 4)
        worker = json.loads(self.nascent("status", study, "--json")[0])["running"][0]["worker"]
        os.kill(int(worker.rpartition(":")[2]), signal.SIGKILL)
        self.assertEqual(process.wait(60), 1)
        self.assertEqual(self.trials(study)[0]["reason"], "crashed")
        self.assertEqual(processes_with(mark), [])

    def test_a_killed_coordinator_leaves_no_process(self):
        mark = f"601.{os.getpid()}"
        study = self.script_study("left.toml", f"sleep {mark} & sleep {mark}")
        process = self.start("run", study, "--set", "workers.count=1")
        wait_until(lambda: len(processes_with(mark)) >= 2)
        process.kill()
        process.wait()
        wait_until(lambda: processes_with(mark) == [])

    def test_every_trial_is_told_as_finished_once_over_all_runs(self):
        study = self.script_study("told.toml", 'sleep 0.3; echo "{\\"loss\\": $NASCENT_PARAM_X}" >&3')
        some = ("--set", "study.parallel=2", "--set", "workers.count=2", "--set", "stop.trials=6")
        process = self.start("run", study, "--json", *some)
        told = []
        while not told:
            event = json.loads(process.stdout.readline())
            if event["event"] == "finished":
                told.append(event["trial"]["trial"])
        process.send_signal(signal.SIGINT)
        rest = process.communicate()[0] + self.nascent("resume", study, "--json")[0]
        told += [e["trial"]["trial"] for e in map(json.loads, rest.splitlines()) if e["event"] == "finished"]
        self.assertEqual(sorted(told), list(range(6)))

    def test_the_test_split_stays_closed_for_a_second_model_unless_asked_for(self):
        study = self.write("moody.toml", MOODY_STUDY)

        def openings():
            with sqlite3.connect(self.folder / "moody.db") as store:
                return [trial for trial, in store.execute("SELECT trial_id FROM test_openings")]

        def resume(trials, *more):
            out = self.nascent("resume", study, "--set", f"stop.trials={trials}", "--json", *more)[0]
            events = [json.loads(line) for line in out.splitlines()]
            return events[-1], [e for e in events if e["event"] == "tested"]

        first = json.loads(self.nascent("run", study, "--json")[0].splitlines()[-1])
        self.assertEqual((list(first["test"]), first["test_opening"], openings()), (["test_mean"], 1, [first["trial"]]))
        trials = 2
        while True:  # until another trial is the best
            trials += 1
            result, tested = resume(trials)
            self.assertEqual((openings(), tested), ([first["trial"]], []))
            if result["trial"] != first["trial"]:
                break
            self.assertEqual((result["test"], result["test_opening"]), (first["test"], 1))
        self.assertEqual((result["test"], result["tested_before"]), ({}, first["trial"]))
        out, _ = self.nascent("resume", study)
        self.assertRegex(out, rf"test   not opened: it was opened for trial {first['trial']}.*To measure trial {result['trial']} .* --test-again")
        self.assertEqual(openings(), [first["trial"]])

        again, tested = resume(trials, "--test-again")
        self.assertEqual((list(again["test"]), again["test_opening"]), (["test_mean"], 2))
        self.assertEqual(([t["trial"] for t in tested], tested[0]["metrics"]), ([again["trial"]], again["test"]))
        self.assertEqual(openings(), [first["trial"], again["trial"]])
        status = json.loads(self.nascent("status", study, "--json")[0])
        self.assertEqual([t["trial"] for t in status["test_openings"]], openings())
        self.assertIn(f"\ntest     opened for trial {again['trial']} on ", self.nascent("status", study)[0])
        # What was measured stays known, and that it was the second.
        out, _ = self.nascent("resume", study)
        self.assertIn("test   opened for the 2. model of this study", out)
        self.assertEqual(len(openings()), 2)

    def test_what_was_measured_on_the_test_split_is_told_once_and_alone(self):
        study = self.write("moody.toml", MOODY_STUDY)
        out, _ = self.nascent("run", study)
        tested = [line for line in out.splitlines() if line.startswith("tested ")]
        self.assertEqual(len(tested), 1)
        self.assertRegex(tested[0], r"^tested trial=\d test_mean=[\d.]+$")
        self.assertNotIn("tested ", self.nascent("resume", study)[0])

    def test_what_a_resumed_study_was_given_holds_from_then_on(self):
        self.nascent("run", "table.toml")
        self.nascent("resume", "table.db", "--set", "stop.trials=12", "--set", "workers.retries=7")
        self.nascent("resume", "table.db")
        self.assertEqual(len(self.trials("table.db")), 12)
        with sqlite3.connect(self.folder / "table.db") as store:
            (resolved,), = store.execute("SELECT resolved_config FROM studies")
            (settings,), = store.execute("SELECT data FROM events WHERE kind = 'settings'")
        self.assertEqual((tomllib.loads(resolved)["stop"], tomllib.loads(resolved)["workers"]["retries"]), ({"trials": 12}, 7))
        self.assertEqual(json.loads(settings)["stop.trials"], {"from": "8", "to": "12"})

    def test_a_resumed_study_says_where_its_file_differs(self):
        self.nascent("run", "table.toml")
        self.assertEqual(self.nascent("resume", "table.toml")[1], "")
        self.write("table.toml", TABLE_STUDY.replace("trials = 8", "trials = 9").replace('"random"', '"sobol"'))
        _, err = self.nascent("resume", "table.toml")
        self.assertEqual(len(err.splitlines()), 1, err)
        self.assertIn('nascent: table.toml differs from the stored study table: stop.trials (9, stored 8), sampler.type ("sobol", stored "random")', err)
        self.assertIn("What is stored holds; to change it: --set stop.trials=9; for another study: nascent run table.toml --set study.name=NEW", err)
        self.assertEqual(len(self.trials("table.db")), 8)
        _, err = self.nascent("resume", "table.toml", "--set", "stop.trials=9")
        self.assertNotIn("stop.trials", err)
        self.assertEqual(len(self.trials("table.db")), 9)

    def test_a_study_does_not_go_on_with_other_data(self):
        data = self.folder / "data.csv"
        data.write_text("a,b,y\n" + "".join(f"{i},{i * i},{i % 2}\n" for i in range(40)))
        self.write("sizes.toml", DATA_STUDY)
        self.nascent("run", "sizes.toml")
        self.nascent("resume", "sizes.toml", "--set", "stop.trials=3")
        data.write_text(data.read_text() + "41,5,0\n")
        _, err = self.nascent("resume", "sizes.toml", "--set", "stop.trials=4", code=2)
        self.assertIn('the data of study "sizes" have changed since it began', err)

    def test_replay_gives_the_same_bits(self):
        self.nascent("run", "table.toml")
        replay = json.loads(self.nascent("replay", "table.toml", "0", "--json")[0])
        self.assertEqual((replay["trial"], replay["equal"]), (0, True))

    def test_replay_runs_in_a_worker_and_a_crash_is_an_outcome(self):
        study = self.write("moody.toml", MOODY_STUDY.replace('"moody"', '"moody"\nmood = "abort"\nonly_once = "calm"') + "[workers]\nretries = 0\n")
        (self.folder / "calm").touch()
        self.nascent("run", study)
        self.assertIn("trial 1: the same to the bit", self.nascent("replay", study, "1")[0])
        (self.folder / "calm").unlink()
        out, _ = self.nascent("replay", study, "1", code=1)
        self.assertIn("state recorded completed, replayed failed (crashed)", out)
        self.assertIn("SIGABRT", out)
        (self.folder / "calm").unlink()
        replay = json.loads(self.nascent("replay", study, "1", "--json", code=1)[0])
        self.assertEqual((replay["recorded"]["state"], replay["replayed"]["reason"]), ("completed", "crashed"))
        self.assertEqual(self.trials(study)[1]["state"], "completed")

    def test_replay_of_a_trial_that_crashed_gives_the_same_end(self):
        study = self.write("moody.toml", MOODY_STUDY.replace('"moody"', '"moody"\nmood = "abort"') + "[workers]\nretries = 1\n")
        self.nascent("run", study, code=1)
        self.assertIn("trial 0: the same to the bit", self.nascent("replay", study, "0")[0])

    def test_an_interrupted_replay_leaves_nothing(self):
        study = self.script_study("slow.toml", 'test -e hurry || sleep 60; echo "{\\"loss\\": 1}" >&3')
        (self.folder / "hurry").touch()
        self.nascent("run", study)
        (self.folder / "hurry").unlink()
        scratch = self.folder / "scratch"
        scratch.mkdir()
        process = subprocess.Popen([NASCENT, "replay", study, "0"], cwd=self.folder, env={**os.environ, "TMPDIR": str(scratch)})
        wait_until(lambda: list(scratch.glob("nascent-replay-*/*.artifacts/*/*")))
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(60), 130)
        self.assertEqual(list(scratch.iterdir()), [])

    def test_replay_finds_a_changed_result(self):
        self.nascent("run", "table.toml")
        text = (self.folder / "points.csv").read_text().splitlines()
        self.write("points.csv", "\n".join([text[0]] + [line + "1" for line in text[1:]]) + "\n")
        out, _ = self.nascent("replay", "table.toml", "0", code=1)
        self.assertTrue(out.startswith("trial 0: differs"), out)

    def test_a_simulation_takes_the_time_its_curves_say(self):
        rows = [f"{x},{kind},{epoch},{1 / (x * epoch)},{10 * epoch}" for x in range(1, 5) for kind in "ab" for epoch in (1, 2)]
        self.write("curves.csv", "x,kind,budget,score,seconds\n" + "\n".join(rows) + "\n")
        study = self.write("curves.toml", TABLE_STUDY.replace('seed = 3', 'seed = 3\nduplicates = "retrain"') + "[budget]\nepochs = 2\n")
        arguments = ("simulate", study, "--workers", "4", "--coordinator", "free", "--curves", "curves.csv")
        report = json.loads(self.nascent(*arguments, "--json")[0])
        self.assertEqual((report["workers"], report["parallel"], report["trials"]["completed"]), (4, 4, 8))
        self.assertEqual((report["virtual_seconds"], report["utilisation"], report["training_seconds"]), (40, 1, 160))
        self.assertEqual((report["optimum"], report["nearest"]), (0.5, 0))
        self.assertEqual(report["best"][-1]["regret"], 0.5 - report["best"][-1]["value"])
        self.assertEqual(report["store_calls"]["finish"]["calls"], 8)
        out, _ = self.nascent(*arguments)
        self.assertIn("simulated table: 4 workers, parallel 4, deterministic; ended by trials=8", out)
        self.assertIn("100.0% busy", out)
        self.assertFalse((self.folder / "table.db").exists(), "the study's own store is left alone")

    def test_a_kept_simulation_is_a_study_and_a_source_of_curves(self):
        kept = ("simulate", "table.toml", "--coordinator", "0.5", "--store", "kept.db")
        self.nascent(*kept)
        self.assertIn("finished: trials=8", self.nascent("status", "kept.db")[0])
        report = json.loads(self.nascent("simulate", "table.toml", "--from", "kept.db#table", "--coordinator", "free", "--json")[0])
        self.assertEqual((report["nearest"], report["best"][-1]["regret"]), (0, 0))
        _, err = self.nascent(*kept, code=4)
        self.assertIn('study "table"', err)

    def test_a_simulation_refuses_what_it_cannot_use(self):
        for arguments, said in (
            (("--coordinator", "fast"), "measured, free, or the seconds that each trial takes the coordinator"),
            (("--workers", "0"), "no whole number from 1 on"),
            (("--failures", "2"), "shares of the attempts, from 0 to 1"),
            (("--spread", "9"), "it has to be from 0 to 3"),
            (("--curves", "points.csv", "--from", "x.db"), "excludes"),
            (("--curves", "nothing.csv"), "nothing.csv: cannot be read, or is empty"),
        ):
            _, err = self.nascent("simulate", "table.toml", *arguments, code=2)
            self.assertIn(said, err)

    def test_the_resolved_study_is_a_study_of_the_same_meaning(self):
        once, _ = self.nascent("validate", "table.toml", "--resolved")
        self.assertEqual(tomllib.loads(once)["stop"]["trials"], 8)
        self.write("resolved.toml", once)
        twice, _ = self.nascent("validate", "resolved.toml", "--resolved")
        self.assertEqual(twice, once)

    def test_the_resolved_study_shows_lists_of_texts_that_were_left_to_their_default(self):
        self.write("data.csv", "x,y\n" + "".join(f"{i},{'ab'[i % 2]}\n" for i in range(20)))
        self.write("data.toml", DATA_STUDY)
        resolved = tomllib.loads(self.nascent("validate", "data.toml", "--resolved")[0])
        self.assertEqual(resolved["space"]["normalizations"], ["none", "batch", "layer"])
        self.assertEqual(resolved["dataset"]["missing_tokens"], ["", "NA", "NaN", "nan", "N/A", "null", "?"])
        _, err = self.nascent("validate", "data.toml", "--set", "space.normalizations=[]", code=2)
        self.assertIn("space.normalizations is empty; give at least one value", err)

    def test_a_program_runs_in_the_folder_of_the_study_wherever_nascent_is_started(self):
        study = self.script_study("here.toml", "test -e here.toml && echo '{\"loss\": 1}' >&3")
        for arguments in (["run", str(self.folder / study)], ["resume", str(self.folder / "here.db"), "--set", "stop.trials=5"]):
            ended = subprocess.run([NASCENT, *arguments], cwd="/", capture_output=True, text=True, timeout=120)
            self.assertEqual(ended.returncode, 0, ended.stdout + ended.stderr)

    def test_no_completed_trial_is_found_wanting(self):
        study = self.script_study("failing.toml", "echo the disk is full >&2; exit 7")
        self.nascent("run", study, code=1)
        self.nascent("best", study, code=1)
        for trial in self.trials(study):
            self.assertEqual((trial["state"], trial["reason"]), ("failed", "error"))
            self.assertIn("exit code 7; it said: the disk is full", trial["message"])

    def test_a_study_of_failures_only_says_so_and_where_to_look(self):
        study = self.script_study("failing.toml", "exit 7")
        out, _ = self.nascent("run", study, code=1)
        ended, result = out.splitlines()[-2:]
        self.assertRegex(ended, r'^search ended reason="trials=3" trials=3 completed=0 pruned=0 failed=3 ')
        self.assertRegex(result, "^no trial completed; see: nascent trials .*failing.db --study failing$")

    def of_one_point(self, name, sampler, stop):
        text = TABLE_STUDY.replace("int_uniform = [1, 4]", "int_uniform = [3, 3]").replace('["a", "b"]', '["b"]')
        return self.write(name, text.replace('"random"', f'"{sampler}"').replace("trials = 8", stop))

    def test_a_space_without_parameters_is_refused_with_its_place(self):
        empty = TABLE_STUDY.replace('x = { int_uniform = [1, 4] }\nkind = { choice = ["a", "b"] }\n', "")
        self.write("empty.toml", empty)
        _, err = self.nascent("run", "empty.toml", code=2)
        self.assertEqual(err, "nascent: empty.toml:17:1: space.parameters is empty; declare at least one\n")
        self.assertFalse((self.folder / "empty.db").exists())

    def test_a_space_of_one_point_is_tried_once_and_the_search_ends(self):
        out, _ = self.nascent("run", self.of_one_point("point.toml", "tpe", 'wall_time = "10min"'))
        ended, result = out.splitlines()[-2:]
        self.assertRegex(ended, '^search ended reason="exhausted" trials=1 completed=1 .* duplicates=0 ')
        self.assertEqual(result, "result trial 0  score=0.625")

    def test_a_sampler_that_only_repeats_itself_ends_the_search(self):
        out, _ = self.nascent("run", self.of_one_point("repeats.toml", "random", 'train_seconds = "10min"'))
        ended, result = out.splitlines()[-2:]
        self.assertRegex(ended, '^search ended reason="nothing_new=10000" trials=1000[0-9] completed=1000[0-9] ')
        self.assertEqual(result, "result trial 0  score=0.625")
        self.assertLess((self.folder / "table.db").stat().st_size, 10_000_000)
        draws = self.of_one_point("draws.toml", "random", "trials = 12000")
        out, _ = self.nascent("run", draws, "--set", 'study.name="draws"')
        self.assertRegex(out.splitlines()[-2], '^search ended reason="trials=12000" ')

    def test_a_space_whose_conditions_never_hold_has_one_configuration(self):
        study = self.script_study("never.toml", 'echo "{\\"loss\\": 1}" >&3')
        never = 'kind = { choice = ["a", "b"], weights = [1, 0] }\nx = { uniform = [0, 1], when = { parameter = "kind", equals = "b" } }'
        text = (self.folder / study).read_text().replace("x = { uniform = [0.0, 1.0] }", never)
        self.write(study, text.replace('"random"', '"evolution"'))
        ended, result = self.nascent("run", study)[0].splitlines()[-2:]
        self.assertRegex(ended, '^search ended reason="exhausted" trials=1 completed=1 ')
        self.assertEqual(result, "result trial 0  loss=1")

    def test_words_that_are_no_text_do_not_spoil_the_rows(self):
        study = self.script_study("latin.toml", r"printf 'gr\374n\n' >&2; exit 1")
        self.nascent("run", study, code=1)
        self.assertIn("it said: gr", self.trials(study)[0]["message"])

    def test_an_interrupted_study_is_resumable(self):
        study = self.script_study("slow.toml", 'sleep 1; echo "{\\"loss\\": $NASCENT_PARAM_X}" >&3')
        process = self.start("run", study, "--json")
        for line in process.stdout:
            if json.loads(line)["event"] == "finished":
                break
        process.send_signal(signal.SIGINT)
        last = process.stdout.read().splitlines()[-1]
        self.assertEqual(process.wait(60), 130)
        self.assertEqual(json.loads(last)["interrupted"], True)
        self.assertEqual(json.loads(self.nascent("status", study, "--json")[0])["stop_reason"], "interrupted")
        self.nascent("resume", study)
        self.assertEqual([t["state"] for t in self.trials(study)], ["completed"] * 3)

    def test_wall_time_is_kept_and_more_time_goes_on(self):
        # Trials 2 and 3 would take a minute until there is a file `awake`; the others, the final one too, are quick.
        study = self.script_study("slow.toml", 'if grep -q \'"trial": *[23],\' "$NASCENT_TRIAL" && [ ! -e awake ]; then exec sleep 60; fi; '
                                               'echo "{\\"loss\\": $NASCENT_PARAM_X}" >&3')
        started = time.monotonic()
        out, _ = self.nascent("run", study, "--set", "study.parallel=2", "--set", "stop.trials=6", "--set", "stop.wall_time=8s",
                              "--set", "final.top=1", "--json")
        self.assertLess(time.monotonic() - started, 40)
        events = [json.loads(line) for line in out.splitlines()]
        ended = next(e for e in events if e["event"] == "search_ended")
        self.assertEqual((ended["reason"], ended["completed"], ended["unfinished"]), ("wall_time=8s", 2, 2))
        self.assertEqual(len([e for e in events if e["event"] == "final_finished"]), 1)
        self.assertFalse(events[-1]["interrupted"])
        states = [(t["role"], t["state"]) for t in self.trials(study)]
        self.assertEqual(states, [("search", "completed")] * 2 + [("search", "queued")] * 2 + [("final", "completed")])

        self.nascent("resume", study)  # no more time: nothing runs
        self.assertEqual([(t["role"], t["state"]) for t in self.trials(study)], states)
        (self.folder / "awake").touch()
        self.nascent("resume", study, "--set", "stop.wall_time=1h")
        trials = [t for t in self.trials(study) if t["role"] == "search"]
        self.assertEqual([t["state"] for t in trials], ["completed"] * 6)
        # Those that were cut are what they would have been; later ones have numbers after that of the final training.
        self.nascent("run", study, "--set", "study.parallel=2", "--set", "stop.trials=4", "--set", "study.store=undisturbed.db")
        self.assertEqual([t["parameters"] for t in trials[:4]], [t["parameters"] for t in self.trials("undisturbed.db")])

    def test_a_second_coordinator_is_refused(self):
        study = self.script_study("slow.toml", 'sleep 1; echo "{\\"loss\\": $NASCENT_PARAM_X}" >&3')
        process = self.start("run", study, "--set", "stop.trials=100", "--json")
        self.until(lambda: (self.folder / "slow.db").exists(), "no store")
        self.assertEqual(json.loads(process.stdout.readline())["event"], "started")
        _, err = self.nascent("resume", study, code=4)
        self.assertIn("slow", err)
        self.assertGreaterEqual(len(self.trials(study)), 1)  # reading does not disturb
        process.send_signal(signal.SIGTERM)
        process.stdout.read()
        self.assertEqual(process.wait(60), 130)

    def test_wrong_arguments(self):
        _, err = self.nascent(code=2)
        self.assertEqual(err.splitlines()[0], "nascent: a command is needed; valid: run, resume, enqueue, worker, cluster, validate, "
                                              "simulate, status, trials, show, best, posterior, importance, export, replay, plugin")
        for arguments, complaint in (
            (("rnu", "table.toml"), 'nascent: no command "rnu"; did you mean "run"?'),
            (("plugin", "lst"), 'nascent plugin: no command "lst"; did you mean "list"?'),
            (("run", "table.toml", "--sett", "a=b"), 'nascent run: no option "--sett"; did you mean "--set"?'),
            (("run",), "nascent run: file is required"),
            (("run", "table.toml", "more"), 'nascent run: unexpected argument "more"'),
            (("trials", "table.toml", "--state", "complete"), 'nascent trials: --state: "complete" is not valid here; did you mean "completed"?'),
            (("replay", "table.toml", "-1"), 'nascent replay: trial: "-1" is no whole number from 0 on'),
            (("best", "table.toml", "--top", "0"), 'nascent best: --top: "0" is no whole number from 1 on'),
        ):
            _, err = self.nascent(*arguments, code=2)
            self.assertEqual(err.splitlines()[0], complaint)
        _, err = self.nascent("status", "table.toml", code=2)
        self.assertIn("table.db does not exist yet; start the study with: nascent run table.toml", err)
        _, err = self.nascent("run", "absent.toml", code=2)
        self.assertIn("absent.toml", err)


if __name__ == "__main__":
    unittest.main()
