"""Every alarm has a fire, a clear, a case just below, a severity, one thing to do, and a runbook; and asks for nothing that is not measured."""

import re
from pathlib import Path

import pytest
import yaml
from typer.core import TyperGroup
from typer.main import get_command

from newswire.cli import app, reference
from newswire.variables import VARIABLES
from tests.alarm_rules import ROOT, RULES, RUNBOOKS, Rule, alarms, cases, recorded, unknown_in

ALARMS = {rule.name: rule for rule in alarms()}
SECTIONS = ["What it means", "How to confirm", "What to do", "When it clears", "What is lost meanwhile"]
CASES = cases()
COMMANDS = set(re.findall(r"^\| `newswire ([a-z-]+(?: [a-z]+)?)`", reference.text(), re.MULTILINE))
each = pytest.mark.parametrize("rule", ALARMS.values(), ids=ALARMS)


@each
def test_it_has_a_severity_a_stage_words_and_one_thing_to_do(rule: Rule) -> None:
    assert rule.name.startswith("Newswire")
    assert rule.labels["severity"] in {"page", "ticket"}
    assert rule.labels.get("stage", "any") in {"collect", "process", "alert", "any"}
    assert list(rule.annotations) == ["summary", "description", "action", "runbook"]
    assert all(rule.annotations.values())
    assert len(rule.annotations["summary"]) < 100
    assert rule.annotations["runbook"] == f"docs/runbooks/{rule.name}.md"


@each
def test_it_waits(rule: Rule) -> None:
    assert re.fullmatch(r"[1-9]\d*[mh]", rule.after), "one scrape that failed is no alarm"


@each
def test_it_is_held_to_fire_to_clear_and_to_keep_still(rule: Rule) -> None:
    own = [case.looks for case in CASES if case.alarm == rule.name]
    firing = [looks for looks in own if any(count for _, count in looks)]
    exact, clears = False, False
    for looks in firing:
        first = next(number for number, (_, count) in enumerate(looks) if count)
        exact = exact or (first > 0 and looks[first][0] - looks[first - 1][0] <= 10)
        clears = clears or looks[-1][1] == 0
    assert exact, "no case looks just before the alarm fires, and finds it silent"
    assert clears, "no case has it clear"
    assert len(own) > len(firing), "no case stays below what makes it fire"


@pytest.mark.parametrize("rule", [*alarms(), *recorded()], ids=lambda rule: rule.name)
def test_it_asks_for_what_is_measured(rule: Rule) -> None:
    assert list(unknown_in(rule.expression)) == []


def test_what_is_not_measured_is_found() -> None:
    unknown = list(
        unknown_in(
            'sum by (plant) (newswire_ready{stage="x"}) > newswire_gone or newswire_stage_up{stage=~"collect|eat"} unless newswire:gone'
        )
    )
    assert unknown == [
        "newswire_ready has no label stage",
        "no metric newswire_gone",
        "newswire_stage_up: stage is never eat",
        "no metric newswire:gone",
        "no label plant",
    ]


def test_there_is_a_page_for_each_alarm_and_no_other() -> None:
    assert {path.stem for path in RUNBOOKS.glob("*.md")} == set(ALARMS)


@each
def test_its_page_says_what_is_due(rule: Rule) -> None:
    text = (RUNBOOKS / f"{rule.name}.md").read_text("utf-8")
    assert text.startswith(f"# {rule.name}\n\nSeverity **{rule.labels['severity']}** · after {rule.after} · ")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == SECTIONS
    parts = [part.strip() for part in re.split(r"^## .+$", text, flags=re.MULTILINE)[1:]]
    assert all(parts)
    assert "```" in parts[1], "nothing is there to be copied and run"
    assert parts[2].startswith("1. ")


@each
def test_its_page_names_only_what_there_is(rule: Rule) -> None:
    text = (RUNBOOKS / f"{rule.name}.md").read_text("utf-8")
    for query in re.findall(r"^```promql\n(.+?)\n```$", text, re.MULTILINE | re.DOTALL):
        assert "__name__" in query or list(unknown_in(query)) == [], query
    groups = "|".join(sorted({command.split()[0] for command in COMMANDS if " " in command}))
    for command in re.findall(rf"(?:^|`)newswire ((?:{groups}) [a-z]+|[a-z]+(?:-[a-z]+)*)", text, re.MULTILINE):
        assert command in COMMANDS, f"newswire {command}"
    settings = {variable.name for variable in VARIABLES}
    assert set(re.findall(r"NEWSWIRE_[A-Z_]+[A-Z]", text)) <= settings
    for page in re.findall(r"\b((?:docs|deploy)/[\w/.-]+\.(?:md|yaml))", text):
        assert (ROOT / page).exists(), page


@each
def test_what_it_says_to_run_can_be_run_as_it_stands(rule: Rule) -> None:
    page = (RUNBOOKS / f"{rule.name}.md").read_text("utf-8")
    action = rule.annotations["action"].replace("{{ $labels.stage }}", "collect")
    for line in re.findall(r"(?:`|^ *)(newswire [^`\n|]+)", f"{page}\n{action}", re.MULTILINE):
        command, words = get_command(app), line.split()[1:]
        while isinstance(command, TyperGroup):
            command = command.commands[words.pop(0)]
        command.make_context(line, words)
        assert line != "newswire dead replay", "it asks for letters, or --all"


def test_the_table_of_alarms_is_that_of_the_rules() -> None:
    text = (ROOT / "docs" / "alarms.md").read_text("utf-8")
    assert table() in text, f"docs/alarms.md lacks this table:\n{table()}"


def test_the_example_configuration_scrapes_the_job_that_the_rules_ask_for() -> None:
    configuration = yaml.safe_load((RULES.parent / "prometheus.yml").read_text("utf-8"))
    assert configuration["scrape_configs"][0]["job_name"] == "newswire"
    assert [Path(name).name for name in configuration["rule_files"]] == ["recording.yaml", "alarms.yaml", "watchdog.yaml"]


def table() -> str:
    """Return the alarms as docs/alarms.md lists them: those that wake somebody first."""
    lines = ["| alarm | severity | after | says | what to do |", "| --- | --- | --- | --- | --- |"]
    for rule in sorted(ALARMS.values(), key=lambda rule: rule.labels["severity"] != "page"):
        said = re.sub(r"\{\{ \$value[^}]*\}\}", "*n*", re.sub(r"\{\{ \$labels\.(\w+) \}\}", r"*\1*", rule.annotations["summary"]))
        link = f"[{rule.name.removeprefix('Newswire')}](runbooks/{rule.name}.md)"
        action = re.sub(r"\{\{ \$labels\.(\w+) \}\}", lambda label: label[1].upper(), rule.annotations["action"])
        lines.append(f"| {link} | {rule.labels['severity']} | {rule.after} | {said} | {action} |")
    return "\n".join(lines)
