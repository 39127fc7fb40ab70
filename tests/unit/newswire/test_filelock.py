import os
from pathlib import Path

import pytest

from newswire.filelock import FileLock


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can lock others out so")
def test_a_lock_file_that_root_made_belongs_to_whom_its_folder_belongs(tmp_path: Path) -> None:
    """`sudo newswire status` beside a service that runs as its own user; and what an older Newswire left so is put right."""
    for name, owner in (("new.lock", None), ("roots.lock", 0), ("theirs.lock", 4_001)):
        file = tmp_path / name
        if owner is not None:
            file.touch()
            os.chown(file, owner, owner)
    os.chown(tmp_path, 4_000, 4_002)
    for name in ("new.lock", "roots.lock", "theirs.lock"):
        FileLock(tmp_path / name).close()
    owners = {file.name: (file.stat().st_uid, file.stat().st_gid) for file in tmp_path.iterdir()}
    assert owners == {"new.lock": (4_000, 4_002), "roots.lock": (4_000, 4_002), "theirs.lock": (4_001, 4_001)}
