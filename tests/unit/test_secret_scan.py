"""The scan finds a secret wherever one is, so that finding none means something."""

import gzip
import subprocess
import sys
from pathlib import Path

from tests.secret_scan import Sightings, process_list_watched
from tests.waiting import eventually

SECRET = "hush-9f31c2d4"


def test_a_secret_in_a_process_list_is_seen() -> None:
    sightings = Sightings([SECRET])
    with (
        process_list_watched(sightings),
        subprocess.Popen([sys.executable, "-c", "input()", f"--password={SECRET}"], stdin=-1) as child,
    ):
        eventually(lambda: sightings.seen)
        child.kill()
    assert SECRET not in "".join(sightings.seen).replace(f"--password={SECRET}", "")


def test_a_secret_in_a_file_is_seen_also_in_a_compressed_one_and_a_clean_file_isn_t(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(f"said {SECRET} aloud")
    (tmp_path / "b.sql.gz").write_bytes(gzip.compress(SECRET.encode()))
    (tmp_path / "c.log").write_text("nothing")
    (tmp_path / "keys.json").write_text(SECRET)
    sightings = Sightings([SECRET])
    sightings.look_at_files([tmp_path], besides=("keys.json",))
    assert sorted(Path(each).name for each in sightings.seen) == ["a.log", "b.sql.gz"]
