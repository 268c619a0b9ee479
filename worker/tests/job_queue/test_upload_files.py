"""The files of the uploads, on a disk that may be full."""

from pathlib import Path

import pytest

from support.small_disk import small_disk
from transcription_worker.queue import UploadFiles


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_an_end_is_kept_on_a_full_disk_and_then_the_upload_goes(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 1) as disk:
        files = UploadFiles(disk.path / "uploads")
        files.upload("a").write_bytes(b"u" * 50_000)
        files.pcm("a").write_bytes(b"p" * 100_000)
        disk.fill()
        files.keep_end("a", b"e" * 60_000)
        assert names(disk.path / "uploads") == {"a.end"}
        assert files.kept_ends() == {"a": b"e" * 60_000}


@pytest.mark.parametrize("fails", ["write", "rename", "sync"])
def test_an_end_that_is_not_whole_costs_no_upload(
    fails: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a crash would: whatever the step, the upload is there, or the end is."""
    with small_disk(tmp_path / "disk", 1) as disk:
        files = UploadFiles(disk.path / "uploads")
        files.upload("a").write_bytes(b"u" * 50_000)
        if fails == "write":
            disk.fill()  # and there is no decoded sound whose place it could take
        else:
            files.pcm("a").write_bytes(b"p" * 100_000)

        def fail(*_: object) -> None:
            raise OSError("the power is gone")

        if fails == "rename":
            monkeypatch.setattr(Path, "rename", fail)
        if fails == "sync":
            monkeypatch.setattr("transcription_worker.queue.files.os.fsync", fail)
        with pytest.raises(OSError, match=r"power|space"):
            files.keep_end("a", b"e" * 60_000)
        assert files.upload("a").exists()
        assert files.kept_ends() == {}


def test_the_database_has_a_reserve(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 4) as disk:
        files = UploadFiles(disk.path / "uploads", reserve=1_000_000)
        assert files.has_room(3_000_000)
        assert not files.has_room(3_500_000)
        assert files.can_ever_hold(3_000_000)
        assert not files.can_ever_hold(3_500_000)
        disk.fill()
        assert not files.has_room(0)


def test_what_belongs_to_an_upload_goes_with_it(tmp_path: Path) -> None:
    files = UploadFiles(tmp_path)
    for upload_id in ("a", "b"):
        for ending in ("upload", "pcm", "end", "stopped"):
            (tmp_path / f"{upload_id}.{ending}").write_bytes(b"x")
    (tmp_path / "mine.txt").write_bytes(b"x")
    files.remove("a")
    assert names(tmp_path) == {"b.upload", "b.pcm", "b.end", "b.stopped", "mine.txt"}
    files.remove_sound()
    assert names(tmp_path) == {"b.upload", "b.end", "b.stopped", "mine.txt"}
    files.keep_only(set())
    assert names(tmp_path) == {"mine.txt"}


def test_a_stop_can_be_noted_on_a_full_disk(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 1) as disk:
        files = UploadFiles(disk.path / "uploads")
        files.pcm("a").write_bytes(b"p" * 100_000)
        disk.fill()
        files.note_stopped("a")
        assert files.stopped() == {"a"}
        files.forget_stopped()
        assert names(disk.path / "uploads") == set()
