#!/usr/bin/env python3
"""Holds docs/reference/error-codes.md against the code: every code and every reason is there, and no other.

    error_codes.py SOURCE_FOLDER
"""
import pathlib
import re
import sys

source = pathlib.Path(sys.argv[1])
page = (source / "docs/reference/error-codes.md").read_text(encoding="utf-8")


def enumerators(file, name):
    body = re.search(rf"enum (?:class )?{name}[^{{]*{{(.*?)}}", (source / file).read_text(encoding="utf-8"), re.S).group(1)
    return re.sub(r"//[^\n]*|/\*.*?\*/", "", body, flags=re.S)


def table(heading):
    section = page.split(f"## {heading}\n")[1].split("\n## ")[0]
    return [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in section.splitlines() if line.startswith("|")][2:]


def compare(what, code, documented):
    assert code, f"{what}: none found in the code"
    assert code == documented, f"{what}: the code has {code}, the page {documented}"


exits = re.findall(r"= (\d+)", enumerators("apps/nascent/exit_code.hpp", "ExitCode"))
compare("exit codes", exits, [row[0] for row in table("Exit codes of the programs")])

reasons = set(re.findall(r"\w+", enumerators("core/include/nascent/core/trial.hpp", "FailureReason"))) - {"none"}
compare("reasons", reasons, {row[0] for row in table("Why a trial failed")})

statuses = re.findall(r"#define (NAS_OK|NAS_E_\w+) \(?(-?\d+)", (source / "sdk/include/nascent/abi.h").read_text(encoding="utf-8"))
compare("status codes", {(value, name) for name, value in statuses}, {(row[0], row[1]) for row in table("Status codes of the ABI")})
