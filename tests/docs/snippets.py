"""Runs the code blocks of a page in an empty folder, in order.

    ```toml file=NAME    written to NAME (so are ```python and ```cpp)
    ```sh run            executed by `bash -e`
    ```toml              has to be valid TOML

Other blocks are for reading. Exit code 77: the page needs something that is not here.
"""
import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import tomllib

SKIPPED = 77


def blocks(text):
    """Yields (language, words after it, line of the opening fence, code) of every fenced block."""
    lines = text.splitlines()
    i = 0
    while i < len(lines):
        fence = re.fullmatch(r"```(\S+)?\s*(.*)", lines[i])
        i += 1
        if not fence:
            continue
        begin = i
        while i < len(lines) and lines[i] != "```":
            i += 1
        if i == len(lines):
            raise SystemExit(f"line {begin}: this block has no end")
        yield fence[1] or "", fence[2].split(), begin, "\n".join(lines[begin:i]) + "\n"
        i += 1


def missing(text, prefix):
    """What the page's commands need and this machine or installation lacks, or nothing."""
    if re.search(r'type\s*=\s*"torch"', text) and not list(prefix.rglob("nascent-torch.so")):
        return "the trainer torch, which is not in this build"
    for data in re.findall(r"/usr/share/datasets/[\w-]+", text):
        if not os.path.isdir(data):
            return f"{data}, which is not installed"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("page", type=pathlib.Path)
    parser.add_argument("--prefix", type=pathlib.Path, required=True, help="where nascent is installed")
    parser.add_argument("--docs", type=pathlib.Path, required=True, help="the folder docs, $NASCENT_DOCS in the blocks")
    parser.add_argument("--sanitize", default="", help="sanitizers that the installation was built with")
    given = parser.parse_args()
    text = given.page.read_text()
    found = list(blocks(text))

    for language, _, line, code in found:
        if language != "toml":
            continue
        try:
            tomllib.loads(code)
        except tomllib.TOMLDecodeError as error:
            return f"{given.page}:{line}: no valid TOML: {error}"
    lacking = missing(text, given.prefix)
    if lacking and any(words == ["run"] for _, words, _, _ in found):
        print(f"{given.page} was not run: it needs {lacking}")
        return SKIPPED

    environment = dict(os.environ, NASCENT_DOCS=str(given.docs.resolve()), CMAKE_PREFIX_PATH=str(given.prefix.resolve()),
                       PATH=f"{given.prefix.resolve() / 'bin'}{os.pathsep}{os.environ['PATH']}")
    if given.sanitize:
        environment["CXXFLAGS"] = f"-fsanitize={given.sanitize}"
    written = executed = 0
    with tempfile.TemporaryDirectory() as folder:
        for language, words, line, code in found:
            if len(words) == 1 and words[0].startswith("file="):
                path = pathlib.Path(folder, words[0].removeprefix("file="))
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(code)
                written += 1
            elif language == "sh" and words == ["run"]:
                ended = subprocess.run(["bash", "-e", "-o", "pipefail", "-c", code], cwd=folder, env=environment, text=True,
                                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
                print(ended.stdout, end="")
                if ended.returncode != 0:
                    return f"{given.page}:{line}: exit code {ended.returncode} from\n{code}"
                executed += 1
            elif words:
                return f"{given.page}:{line}: '{' '.join(words)}' behind ```{language} means nothing here; use run or file=NAME"
    print(f"{given.page}: blocks={len(found)} written={written} executed={executed}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
