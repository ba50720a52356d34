"""The wording of every notice about a recording, in one place; the codes are stable."""

from __future__ import annotations

from collections.abc import Sequence

from voiceguard.domain import Notice


def clock(ms: float) -> str:
    """``ms`` for people: ``0.35 s``, ``12.3 s``, ``2:05``, ``1:02:05``."""
    if ms < 60_000:
        return f"{ms / 1000:.{2 if ms < 1000 else 1}f} s"
    minutes, seconds = divmod(round(ms / 1000), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


def _share(part: float, whole: float) -> str:
    return f"{100 * part / whole:.1f} %" if whole > 0 else "0 %"


def truncated(promised: float, decoded: float) -> Notice:
    """The file ends before its header says; both in ms."""
    lost = promised - decoded
    return Notice(
        "truncated",
        f"the recording is cut off: its header promises {clock(promised)}, {clock(decoded)} "
        f"could be decoded, {clock(lost)} ({_share(lost, promised)}) are lost",
    )


def truncated_unknown(decoded: float) -> Notice:
    """The file ends without its end mark, and nothing says how long it was."""
    return Notice(
        "truncated",
        f"the recording has no end mark, so its end is probably missing: {clock(decoded)} could be "
        "decoded, how much is lost is not known",
    )


def corrupt_tail(promised: float | None, decoded: float) -> Notice:
    """Decoding stopped before the end of the file."""
    if promised is not None and promised > decoded:
        lost = promised - decoded
        tail = f"{clock(lost)} of {clock(promised)} ({_share(lost, promised)}) are lost"
    else:
        tail = "how much is lost is not known"
    return Notice("corrupt_tail", f"the recording is damaged after {clock(decoded)}: {tail}")


def corrupt_frames(silenced: float) -> Notice:
    """Stretches in the middle could not be decoded."""
    return Notice(
        "corrupt_frames",
        f"{clock(silenced)} within the recording are damaged and were replaced by silence",
    )


def gaps_filled(filled: float) -> Notice:
    """The time stamps leave gaps: lost packets or suppressed pauses."""
    return Notice(
        "gaps_filled",
        f"the recording's time stamps leave gaps: {clock(filled)} of silence were put there",
    )


def header_length_wrong(promised: int, found: int) -> Notice:
    """The header's length is a placeholder or too small; both in bytes."""
    return Notice(
        "header_length_wrong",
        f"the header's length is wrong ({promised} bytes of audio, {found} found): read to the end "
        "of the file",
    )


def too_long(limit: float) -> Notice:
    """The rest of the recording was not read."""
    return Notice("too_long", f"the recording is longer than {clock(limit)}: the rest was not read")


def raw_ignored(codec: str) -> Notice:
    """A headerless coding was given for a file that has a header."""
    return Notice("raw_ignored", f"the file has a header ({codec}): the raw format was not applied")


def raw_remainder(extra: int) -> Notice:
    """Headerless data that is not a whole number of frames."""
    return Notice(
        "raw_remainder",
        f"{extra} bytes at the end are not a whole sample of every channel: cut off, or the raw "
        "format is wrong",
    )


def video_stream_ignored() -> Notice:
    """A film: only its sound is analysed."""
    return Notice("video_stream_ignored", "the file is a video: only its audio was read")


def audio_streams_ignored(extra: int) -> Notice:
    """More than one audio track."""
    return Notice(
        "audio_streams_ignored",
        f"the file has {extra} more audio track{'s' if extra > 1 else ''}: only the first was read",
    )


def nan_samples(count: int) -> Notice:
    """Samples that are no numbers."""
    return Notice("nan_samples", f"{count} samples are not numbers and were replaced by silence")


def identical_channels(channels: Sequence[int]) -> Notice:
    """Channels that repeat an earlier one; 0-based, the first is the one kept."""
    kept, *copies = (str(channel) for channel in channels)
    return Notice(
        "identical_channels",
        f"channel {', '.join(copies)} carries the same as channel {kept}: it was not analysed "
        "again, and channels do not tell the speakers apart",
    )


def dead_channel(channel: int, level_db: float) -> Notice:
    """A channel without a voice."""
    return Notice(
        "dead_channel", f"channel {channel} is dead: nothing above {level_db:.0f} dBFS in it"
    )


def clipping(channel: int, share: float) -> Notice:
    """Samples at the ceiling; ``share`` 0 to 1."""
    return Notice("clipping", f"channel {channel} is clipped: {100 * share:.2g} % of its samples")


def low_level(channel: int, level_db: float) -> Notice:
    """A voice too soft to be recognised well."""
    return Notice("low_level", f"channel {channel} is very soft: {level_db:.0f} dBFS when active")


def dc_offset(channel: int, offset: float) -> Notice:
    """A constant added to the signal, as a share of full scale."""
    return Notice("dc_offset", f"channel {channel} has a DC offset of {100 * offset:.2g} %")
