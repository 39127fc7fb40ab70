from dataclasses import replace

from rich.console import Console

from newswire.cli.live import Queue, Watch, describe

WATCH = Watch(sources=12, polled=10, failing=1, items=1_234, reports=900, alerts=7, queues=(Queue("items", 3, 4.0), Queue("pages", 0, 0.0)))
TROUBLE = "configuration: 2 faults, the set of 14:05 is in force · config/watchlists/cables.yaml:3: a bracket is not closed"


def shown(watch: Watch, width: int) -> list[str]:
    console = Console(width=width, color_system=None)
    with console.capture() as captured:
        console.print(describe(watch))
    return captured.get().splitlines()


def test_the_status_line_counts_and_names_the_queues_that_are_not_empty() -> None:
    (line,) = shown(WATCH, 120)
    assert line.strip() == "10/12 sources polled · 1 failing · 1,234 items · 900 reports · 7 alerts · waiting: items 3 (4 s)"


def test_faults_of_the_configuration_stand_above_it_and_their_number_is_seen_on_a_narrow_terminal() -> None:
    watch = replace(WATCH, configuration=TROUBLE)
    above, below = shown(watch, 120)
    assert "config/watchlists/cables.yaml:3: " in above
    assert "sources polled" in below
    above, below = shown(watch, 80)
    assert above.startswith(" configuration: 2 faults, the set of 14:05 is in force · ")
    assert len(above) <= 80
    assert below.startswith(" 10/12 sources polled")
