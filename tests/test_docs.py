"""What the pages in docs/ show can be run."""

import re
import shlex
import shutil
from pathlib import Path

import pytest

from noiseclf import cli

ROOT = Path(__file__).parents[1]
SHOWN = {path.name: re.findall(r"```(\w*)\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL)
         for path in (ROOT / "docs").glob("*.md")}  # fmt: skip
CODE = [(name, text) for name, blocks in SHOWN.items() for kind, text in blocks if kind == "python"]
COMMANDS = [(name, row) for name, blocks in SHOWN.items() for kind, text in blocks if not kind for row in text.splitlines()
            if row.startswith("noiseclf ")]  # fmt: skip


@pytest.mark.parametrize(("name", "code"), CODE)
def test_code_in_the_docs_runs(name, code):
    exec(compile(code, name, "exec"), {})


@pytest.mark.parametrize(("name", "command"), COMMANDS)
def test_commands_in_the_docs_are_understood_and_inspect_runs(name, command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(ROOT / "examples", "examples")
    words = shlex.split(command)[1:]
    cli._parser().parse_args(words)
    if words[0] == "inspect":
        assert cli.main(words) == 0


def test_the_make_targets_in_the_docs_exist():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for path in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        assert set(re.findall(r"make ([a-z]+)[ `\n]", path.read_text(encoding="utf-8"))) <= targets
