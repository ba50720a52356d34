"""``voiceguard analyze``: recordings → reports."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from voiceguard.cli.options import Config, Formats, Output, Quiet, Rules, Ruleset

if TYPE_CHECKING:
    from voiceguard.errors import TranscriptError
    from voiceguard.ingest import Metadata
    from voiceguard.pipeline import Call, Heard
    from voiceguard.report import Exhibit
    from voiceguard.settings import Settings
    from voiceguard.transcribe import GuardOptions, Transcriber


def analyze(
    audio: Annotated[list[Path], typer.Argument(metavar="AUDIO…", help="Recordings.")],
    output: Output = None,
    formats: Formats = "json",
    engine: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Recogniser: auto, faster-whisper or openai-whisper."),
    ] = None,
    model: Annotated[
        str | None, typer.Option(metavar="NAME|PATH", help="Model; 'demo' needs no download.")
    ] = None,
    model_dir: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of downloaded models.")
    ] = None,
    language: Annotated[str | None, typer.Option(help="Language spoken.")] = None,
    roles: Annotated[
        str | None, typer.Option(metavar="LIST", help="Role of each channel, as agent,customer.")
    ] = None,
    metadata: Annotated[
        Path | None, typer.Option(metavar="FILE", help="What is known of the calls: CSV or JSONL.")
    ] = None,
    columns: Annotated[
        list[str] | None,
        typer.Option("--column", metavar="NAME=KEY", help="Column of the CSV for a metadata key."),
    ] = None,
    hints: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Terms to tell the recogniser, one a line.")
    ] = None,
    raw: Annotated[
        str | None,
        typer.Option(metavar="RATE:CODING:CHANNELS", help="Headerless audio, as 8000:alaw:2."),
    ] = None,
    word_times: Annotated[
        str | None, typer.Option(metavar="all|none", help="Time every word, or segments only.")
    ] = None,
    batch_size: Annotated[int | None, typer.Option(help="Windows decoded together.")] = None,
    device: Annotated[str | None, typer.Option(metavar="auto|cpu|cuda", help="Where.")] = None,
    precision: Annotated[
        str | None, typer.Option(metavar="auto|float32|…", help="Number format.")
    ] = None,
    threads: Annotated[int | None, typer.Option(help="CPU threads; 0: all.")] = None,
    stream: Annotated[
        bool, typer.Option("--stream", help="Print each flag as soon as it is found.")
    ] = False,
    rules: Rules = None,
    ruleset: Ruleset = None,
    config: Config = None,
    quiet: Quiet = False,
) -> None:
    """Transcribe recordings and flag what needs attention.

    Without -o, a table of flags is printed; with -o DIR each call is written there, too. With
    --stream a line is printed for each flag while the recording is still being read: as JSON where
    the output is not a terminal.
    """
    from voiceguard.settings import load_settings

    settings = load_settings(
        config, engine=engine, model=model, model_dir=model_dir, language=language, roles=roles,
        word_times=word_times, batch_size=batch_size, device=device, precision=precision,
        threads=threads, rules=rules, ruleset=ruleset,
    )
    failed = _run(
        audio, settings, output, formats, metadata, columns or [], hints, raw, stream, quiet
    )
    if failed:
        raise typer.Exit(1)


def _run(
    audio: Sequence[Path], settings: Settings, output: str | None, formats: str,
    metadata: Path | None, columns: Sequence[str], hints: Path | None, raw: str | None,
    stream: bool, quiet: bool,
) -> bool:
    """True where anything failed."""
    from rich.console import Console

    from voiceguard.audio import AudioOptions, RawFormat
    from voiceguard.cli.options import load_rules, make_judge
    from voiceguard.cli.progress import Meter
    from voiceguard.cli.results import Results, show, titles
    from voiceguard.cli.stream import FlagStream
    from voiceguard.errors import UsageError, VoiceGuardError
    from voiceguard.ingest import read_hints
    from voiceguard.pipeline import AnalyzeOptions, Analyzer, Failed, Heard, unique_ids
    from voiceguard.report import name_outputs
    from voiceguard.settings import parse_roles

    if stream and output == "-":
        raise UsageError("--stream prints flags where -o - prints reports", "give a folder with -o")
    terms = read_hints(hints) if hints else ()
    library = load_rules(settings)
    judge = make_judge(settings, library, terms)
    ids = unique_ids(audio)
    names = dict(zip(ids, name_outputs(audio, taken=["calls"]), strict=True))
    results = Results(output, formats, names, [*audio, *_side_files(audio)])
    known = _metadata(metadata, columns)
    calls, refused = _calls(audio, ids, known, settings)
    audio_options = AudioOptions(raw=RawFormat.parse(raw) if raw else None)
    options = AnalyzeOptions(
        roles=parse_roles(settings.roles), audio=audio_options,
        word_times=settings.word_times == "all", guards=_guards(settings, terms),
    )
    transcriber = _transcriber(settings, terms)
    console = Console(stderr=True)
    terminal = sys.stdout.isatty()
    told = FlagStream(titles(library), terminal=terminal) if stream else None
    failed, reports = bool(refused), []
    for error in refused:
        print(f"error: {error}", file=sys.stderr)
    with Meter(console, len(calls), enabled=not quiet) as meter:
        analyzer = Analyzer(
            transcriber, judge, options, meter.audio, on_flags=told.flags if told else None
        )
        for result in analyzer.analyze(calls):
            meter.call()
            if told:
                told.end(result.call, result.report if isinstance(result, Heard) else None)
            if isinstance(result, Failed):
                failed = True
                meter.say(f"error: {result.error}")
                continue
            for notice in result.report.transcript.notices:
                if not quiet:
                    meter.say(f"warning: {result.call.path}: {notice.message}")
            reports.append(result.report)
            try:
                results.add(_exhibit(result, titles(library), results.wants_audio, audio_options))
            except VoiceGuardError as error:
                failed = True
                meter.say(f"error: {error}")
    results.finish()
    if known is not None and not quiet:
        for line in _unmatched(known, audio):
            print(f"warning: {line}", file=sys.stderr)
    if output != "-" and not quiet and reports and (terminal or not stream):
        show(Console(), reports, titles(library), flags_too=not stream)
    return failed


def _side_files(audio: Sequence[Path]) -> list[Path]:
    """Files beside the recordings that hold their metadata: inputs, too, unlike earlier reports."""
    from voiceguard.errors import TranscriptError
    from voiceguard.ingest import sidecar

    out = []
    for path in audio:
        try:
            used = bool(sidecar(path))
        except TranscriptError:
            used = True
        if used:
            out += [path.with_suffix(".json"), path.with_name(f"{path.name}.json")]
    return out


def _guards(settings: Settings, hints: tuple[str, ...]) -> GuardOptions:
    from voiceguard.settings import parse_guards
    from voiceguard.transcribe import GuardOptions

    return GuardOptions(
        active=parse_guards(settings.guards), silence_db=settings.silence_db,
        rate=settings.speech_rate, doubt_below=settings.doubt_below, hints=hints,
    )


def _transcriber(settings: Settings, hints: tuple[str, ...]) -> Transcriber:
    from voiceguard.transcribe import TranscribeOptions, load_transcriber
    from voiceguard.transcribe.models import locate, pull
    from voiceguard.transcribe.threads import set_threads

    if settings.allow_download and settings.model != "demo":
        from voiceguard.errors import ModelMissingError

        try:
            checkpoint = locate(settings.model, settings.model_dir)
        except ModelMissingError:
            checkpoint = pull(settings.model, settings.model_dir)
    else:
        checkpoint = locate(settings.model, settings.model_dir)
    set_threads(settings.threads)
    options = TranscribeOptions(
        language=settings.language, word_times=settings.word_times,
        batch_size=settings.batch_size, beam_size=settings.beam_size, hints=hints,
        device=settings.device, precision=settings.precision,
    )
    return load_transcriber(settings.engine, checkpoint, options)


def _metadata(path: Path | None, columns: Sequence[str]) -> Metadata | None:
    if path is None:
        return None
    from voiceguard.errors import UsageError
    from voiceguard.ingest import read_metadata

    wrong = [c for c in columns if "=" not in c]
    if wrong:
        raise UsageError(f"--column {wrong[0]!r} is not NAME=KEY", "such as 客户号=customer_id")
    mapping = dict(c.split("=", 1) for c in columns)
    return read_metadata(path, mapping)


def _calls(
    audio: Sequence[Path], ids: Sequence[str], known: Metadata | None, settings: Settings
) -> tuple[list[Call], list[TranscriptError]]:
    """The calls with what is known of each, and the side files that could not be read."""
    from voiceguard.domain import CallInfo
    from voiceguard.errors import TranscriptError
    from voiceguard.ingest import from_filename, sidecar
    from voiceguard.pipeline import Call

    calls, refused = [], []
    for id_, path in zip(ids, audio, strict=True):
        info = CallInfo()
        if settings.filename_pattern:
            info = from_filename(settings.filename_pattern, path)
        try:
            info = info.merged(sidecar(path))
        except TranscriptError as error:
            # The recording is analysed all the same: its sound does not depend on a side file.
            refused.append(error)
        if known:
            info = info.merged(known.lookup(path))
        calls.append(Call(id_, str(path), info))
    return calls, refused


def _unmatched(known: Metadata, audio: Sequence[Path]) -> list[str]:
    rows, paths = known.unused(), known.unmatched(audio)
    out = [str(problem) for problem in known.problems]
    if known.ignored:
        out.append(f"metadata columns left out: {', '.join(known.ignored)}; map them with --column")
    if rows:
        out.append(f"{len(rows)} rows of the metadata match no recording")
    if paths:
        some = ", ".join(p.name for p in paths[:5]) + (" …" if len(paths) > 5 else "")
        out.append(f"{len(paths)} recordings have no row in the metadata: {some}")
    return out


def _exhibit(
    heard: Heard, names: dict[str, tuple[str, str]], with_audio: bool, options: object
) -> Exhibit:
    from voiceguard.audio import AudioOptions, playable
    from voiceguard.report import Audio, Exhibit

    assert isinstance(options, AudioOptions)
    audio = None
    if with_audio:
        audio = Audio(*playable(heard.call.path, options, heard.survey.recording.duration))
    return Exhibit(heard.report, names, audio, heard.survey.peaks)
