"""The studies of docs/examples, as a person copies them: every file is valid, and those that take seconds run to their end."""
import argparse
import pathlib
import shutil
import subprocess
import sys
import tempfile

QUICK = ("csv.toml", "grammar.toml", "python-script.toml", "quality-diversity.toml")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("examples", type=pathlib.Path)
    parser.add_argument("--prefix", type=pathlib.Path, required=True, help="where nascent is installed")
    given = parser.parse_args()
    torch = list(given.prefix.rglob("nascent-torch.so"))
    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(folder, "examples")
        shutil.copytree(given.examples, copy)
        studies = sorted(copy.glob("*.toml"))
        assert {study.name for study in studies} >= set(QUICK), f"an example is gone: {studies}"
        for study in studies:
            if 'type = "torch"' in study.read_text() and not torch:
                print(f"{study.name}: left out; this build has no trainer torch")
                continue
            command = "run" if study.name in QUICK else "validate"
            done = subprocess.run([given.prefix / "bin" / "nascent", command, study], capture_output=True, text=True)
            print(f"{study.name}: {command}\n{done.stdout[-2000:]}{done.stderr}")
            if done.returncode != 0:
                return f"{study.name}: exit code {done.returncode}"
    return 0


if __name__ == "__main__":
    sys.exit(main())
