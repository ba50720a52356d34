"""What every engine behind the seam must do, whichever it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import count, islice
from pathlib import Path

import numpy as np
import pytest

from voiceguard.domain import Piece, Span, Transcript, Turn, Window, Word
from voiceguard.transcribe import TranscribeOptions, Transcriber
from voiceguard.transcribe.engines.fake import FakeTranscriber, ReplayTranscriber
from voiceguard.transcribe.engines.faster_whisper import FasterWhisper
from voiceguard.transcribe.engines.openai_whisper import OpenAIWhisper
from voiceguard.transcribe.models import DEMO_FILE

Make = Callable[[TranscribeOptions], Transcriber]
OPTIONS = TranscribeOptions(temperatures=(0.0,))
SAID = (Word("您好", Span(800, 1200)), Word("请问", Span(1300, 1900)),
        Word("是", Span(5300, 5500)), Word("吗", Span(11_000, 11_200)))


def replay(options: TranscribeOptions) -> Transcriber:
    turn = Turn(0, "您好请问是吗", "agent", channel=0, span=Span(800, 11_200), words=SAID)
    return ReplayTranscriber({"c": Transcript("c", (turn,), options.language)})


ENGINES: dict[str, Make] = {
    "openai-whisper": lambda options: OpenAIWhisper(DEMO_FILE, options),
    "faster-whisper": lambda options: FasterWhisper(DEMO_FILE, options),
    "fake": lambda options: FakeTranscriber(Path("none.pt"), options),
    "replay": replay,
}
#: Engines that are built by name, from a checkpoint and options.
BY_NAME = [name for name in ENGINES if name != "replay"]


@pytest.fixture(params=ENGINES)
def make(request: pytest.FixtureRequest, warm_cache: Path, no_network: None) -> Make:
    return ENGINES[request.param]


@pytest.fixture
def engine(make: Make) -> Transcriber:
    return make(OPTIONS)


def silent(name: str, ms: int) -> Window:
    return Window(name, 0, (Piece(Span(20_000, 20_000 + ms), 0),), np.zeros(ms * 16, np.float32))


def text(words: Iterable[Word]) -> str:
    return "".join(word.text for word in words)


def check_words(window: Window, words: tuple[Word, ...]) -> None:
    """In order, each inside one piece."""
    reach = 0
    for word in words:
        assert word.text
        assert word.span is not None
        assert reach <= word.span.start <= word.span.end
        assert any(p.span.start <= word.span.start and word.span.end <= p.span.end
                   for p in window.pieces), (word, window.pieces)
        assert word.confidence is None or 0 <= word.confidence <= 1
        reach = word.span.end


def test_every_window_is_answered_once_with_words_in_order_inside_its_pieces(
    engine: Transcriber, sentences: tuple[Window, ...]
) -> None:
    windows = {w.id: w for w in (*sentences, silent("c:0:empty", 0), silent("c:0:30ms", 30),
                                 silent("c:0:silence", 4000))}
    answers = list(engine.transcribe(windows.values()))
    assert sorted(id_ for id_, _ in answers) == sorted(windows)
    for id_, words in answers:
        check_words(windows[id_], words)
    found = dict(answers)
    assert text(found["c:0:0"])
    assert not found["c:0:empty"]
    assert len(found["c:0:30ms"]) <= 8


def test_no_windows_no_answers(engine: Transcriber) -> None:
    assert list(engine.transcribe(())) == []


def test_what_it_says_of_itself(engine: Transcriber) -> None:
    said = engine.engine
    assert said.name
    assert said.version
    assert said.language == "zh"
    assert list(said.options) == sorted(said.options)
    assert 0 < engine.longest <= 30_000


def test_answers_come_before_all_windows_are_there(
    make: Make, sentences: tuple[Window, ...]
) -> None:
    def endless() -> Iterator[Window]:
        for n in count():
            yield replace(sentences[3], id=f"c:0:{n}")

    engine = make(replace(OPTIONS, batch_size=2))
    assert len(list(islice(engine.transcribe(endless()), 3))) == 3


def test_texts_do_not_depend_on_the_batch(make: Make, sentences: tuple[Window, ...]) -> None:
    def texts(size: int) -> dict[str, str]:
        options = replace(OPTIONS, batch_size=size, word_times="none")
        return {id_: text(words) for id_, words in make(options).transcribe(sentences)}

    assert texts(1) == texts(16)


@pytest.mark.parametrize("name", BY_NAME)
def test_options_and_language_are_recorded_and_hints_only_as_a_hash(
    name: str, sentences: tuple[Window, ...], warm_cache: Path
) -> None:
    options = replace(OPTIONS, hints=("停息挂账", "李强"), batch_size=3, seed=7, language="en",
                      word_times="none")
    engine = ENGINES[name](options)
    said = engine.engine
    assert set(options.record()) <= set(said.options)
    assert said.language == "en"
    assert "李强" not in repr(said)
    for id_, words in engine.transcribe(sentences[:2]):
        check_words(next(w for w in sentences if w.id == id_), words)
