"""Finding speech and writing it down: detector, engines, models."""

from __future__ import annotations

from pathlib import Path

from voiceguard.doctor.finding import Check, Verdict

_REINSTALL = "pip install --force-reinstall"


def checks(model_dir: Path | None) -> tuple[Check, ...]:
    """Detector and engines run, the demo model is loaded, the folders of models looked into."""
    return (
        Check("speech", "Silero VAD", f"{_REINSTALL} silero-vad torch", _detector),
        Check("engines", "openai-whisper", f"{_REINSTALL} openai-whisper torch", _openai_whisper),
        Check("engines", "faster-whisper", f"{_REINSTALL} ctranslate2", _faster_whisper),
        Check("models", "demo", "install VoiceGuard again, or take voiceguard/transcribe/models/"
              "demo.pt from its repository", _demo),
        Check("models", "downloaded", "voiceguard models pull small",
              lambda: _downloaded(model_dir)),
    )  # fmt: skip


def _detector() -> Verdict:
    import numpy as np
    import torch

    from voiceguard.speech import SileroDetector

    threads = torch.get_num_threads()
    try:
        detector = SileroDetector()
        heard = detector.feed(np.zeros(16_000, np.float32)) + detector.finish()
    finally:
        # Importing silero_vad leaves PyTorch with one thread for everybody in this process.
        torch.set_num_threads(threads)
    if heard:
        return Verdict("missing", f"hears {len(heard)} stretches of speech in silence")
    return Verdict("ok", "loads and runs")


def _openai_whisper() -> Verdict:
    """Import it and touch the files that it needs beside a model."""
    import whisper
    from whisper.audio import mel_filters
    from whisper.tokenizer import get_tokenizer

    mel_filters("cpu", 80)
    get_tokenizer(True, language="zh", task="transcribe").encode("您好")
    return Verdict("ok", f"version {whisper.__version__}")


def _faster_whisper() -> Verdict:
    """Convert the demo model, or find it converted, and load it where it would be computed."""
    from voiceguard.transcribe import TranscribeOptions, load_transcriber
    from voiceguard.transcribe.models import DEMO, locate

    try:
        import ctranslate2
    except ModuleNotFoundError:
        return Verdict("limited", "not installed: openai-whisper takes its place",
                       "pip install 'voiceguard[fast]'")  # fmt: skip
    engine = load_transcriber("faster-whisper", locate(DEMO), TranscribeOptions()).engine
    options = dict(engine.options)
    return Verdict("ok", f"CTranslate2 {ctranslate2.__version__}, {options['precision']} on "
                         f"{options['device']}")  # fmt: skip


def _demo() -> Verdict:
    from voiceguard.transcribe import TranscribeOptions, load_transcriber
    from voiceguard.transcribe.models import DEMO, locate

    path = locate(DEMO)
    load_transcriber("openai-whisper", path, TranscribeOptions(device="cpu"))
    return Verdict("ok", f"loads, {path.stat().st_size / 1e6:.0f} MB")


def _downloaded(model_dir: Path | None) -> Verdict:
    from voiceguard.transcribe.models import DEMO_FILE, installed

    found = [m for m in installed(model_dir) if m.path != DEMO_FILE]
    whole = [m for m in found if m.complete is not False]
    broken = [m for m in found if m.complete is False]
    if not found:
        return Verdict("limited", "none, so that there is only the demo model; it knows synthetic "
                                  "voices only")  # fmt: skip
    told = [f"{m.name} ({m.size / 1e6:.0f} MB)" for m in whole]
    told += [f"{m.path.name} (not complete)" for m in broken]
    if broken:
        return Verdict("limited", ", ".join(told), f"voiceguard models pull {broken[0].name}")
    return Verdict("ok", ", ".join(told))
