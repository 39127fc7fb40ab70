"""What Newswire brings itself: the jail for foreign bytes, and the model files."""

import hashlib
import json
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Final

from newswire.cli.doctor.finding import Asked, CheckName, Finding, Level
from newswire.cli.doctor.jailed import SWELL
from newswire.cli.known import MODEL_FOLDER, understanding_folder
from newswire.config import shown
from newswire.errors import ConfigurationError, one_line

_START_S: Final = 8.0
_TASK_S: Final = 5.0
_LIMIT_BYTES: Final = 128 << 20
_SWELL_MB: Final = 512
_FEED: Final = b"""<?xml version="1.0"?><rss version="2.0"><channel><title>t</title><item><guid>1</guid><title>A headline</title><link>https://outlet.example/1</link></item></channel></rss>"""
_JAIL_WHY: Final = "feeds and pages are foreign bytes: without it one of them could stop or swell the whole service"
_JAIL_DO: Final = "see whether this machine lets processes fork and limit their memory (RLIMIT_AS; a container's profile may forbid it)"


def jail(_: Asked) -> Iterator[Finding]:
    """Yield whether a child of the jail starts, reads a feed, and is held to its memory."""
    from collectors.jailed import READ_FEED
    from newswire.jail import Killed, ProcessJail, TaskRaised
    from newswire.metrics import Metrics

    name, why, do = CheckName.JAIL, _JAIL_WHY, _JAIL_DO
    children = ProcessJail(workers=1, tasks=(READ_FEED, SWELL), metrics=Metrics(), memory_bytes=_LIMIT_BYTES, preload=())
    try:
        feed: Future[Any] = children.submit(READ_FEED, _FEED, None, None, None, deadline_s=_TASK_S)
        entries = getattr(feed.result(_START_S), "entries", ())
        if len(entries) != 1:
            yield Finding(name, Level.FAIL, "a child of the jail did not read a plain feed", "no feed can be read", do)
            return
        try:
            took: int = children.submit(SWELL, _SWELL_MB, deadline_s=_TASK_S).result(_START_S)
        except (Killed, TaskRaised):
            yield Finding(name, Level.OK, "a child starts, reads a feed, and is ended where it takes too much memory")
        else:
            yield from swell_findings(took)
    except (Killed, TaskRaised, OSError, TimeoutError) as error:
        yield Finding(name, Level.FAIL, f"no child of the jail works: {one_line(str(error) or type(error).__name__)}", why, do)
    finally:
        children.close()


def swell_findings(took: int) -> Iterator[Finding]:
    """Yield that a child took so many bytes, which it may not."""
    yield Finding(
        CheckName.JAIL, Level.FAIL, f"a child of the jail took {took >> 20} MiB, and {_LIMIT_BYTES >> 20} are allowed", _JAIL_WHY, _JAIL_DO
    )


def model(asked: Asked) -> Iterator[Finding]:
    """Yield which model files are missing, or are not those that their description names."""
    from processors.weights import FILE, load_weights

    folder = understanding_folder(asked.folder)
    faults = hash_faults(folder / MODEL_FOLDER)
    try:
        load_weights(folder / MODEL_FOLDER / FILE)
    except ConfigurationError as error:
        faults += [f"{fault}" for fault in error.faults]
    for words in faults:
        yield Finding(
            CheckName.MODEL,
            Level.FAIL,
            words,
            "articles are understood less well, or not at all",
            "install Newswire anew, or `newswire train` where the folder is your own",
        )
    if not faults:
        reader = (folder / MODEL_FOLDER / "reader.onnx").is_file()
        yield Finding(
            CheckName.MODEL,
            Level.OK if reader else Level.WARN,
            f"{shown(folder / MODEL_FOLDER)}: {'weights and reader are' if reader else 'no reader is there; the weights are'} as they should be",
            "" if reader else "evidence alone decides the label, less well",
            "" if reader else "`newswire train --encoder` makes one",
        )


def hash_faults(folder: Path) -> list[str]:
    """Return in words where the reader is not the one that `reader.json` describes."""
    described, net, tokens = (folder / name for name in ("reader.json", "reader.onnx", "reader-tokenizer.json"))
    if not described.is_file() and not net.is_file():
        return []  # there is none, which is allowed
    lacking = [path for path in (described, net, tokens) if not path.is_file()]
    if lacking:
        return [f"{shown(path)} is missing" for path in lacking]
    try:
        due = json.loads(described.read_bytes())["sha256"]
    except (ValueError, KeyError, TypeError):
        return [f"{shown(described)} does not name the sha256 of the reader"]
    found = hashlib.sha256(net.read_bytes()).hexdigest()
    return (
        []
        if found == due
        else [f"{shown(net)} is not the one that {shown(described)} describes: sha256 {found[:12]}…, {str(due)[:12]}… is due"]
    )
