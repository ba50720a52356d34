"""Model files: which there are, where they lie, and how to get one.

::

    locate("demo")                       # the model that comes with VoiceGuard
    locate("large-v3", model_dir)        # a path, or ModelMissingError saying what to do
    pull("large-v3", model_dir, show)    # the only function here that uses the network
    installed(model_dir)                 # what lies in the folders that locate looks into

A model is one ``.pt`` file in openai-whisper's format. It is looked for in the folder given, in
VoiceGuard's own (``~/.cache/voiceguard/models``) and in openai-whisper's (``~/.cache/whisper``).
"""

from __future__ import annotations

import contextlib
import functools
import os
import shlex
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from voiceguard.errors import ModelError, ModelMissingError, UsageError
from voiceguard.transcribe.download import PART, Parcel, Progress, fetch, matches

#: Name of the model that is shipped with VoiceGuard, and its file.
DEMO = "demo"
DEMO_FILE = Path(__file__).resolve().parent / "models" / "demo.pt"

#: Official models, in MB (10⁶ bytes), about.
SIZES_MB = {
    "tiny.en": 76, "tiny": 76, "base.en": 145, "base": 145, "small.en": 484, "small": 484,
    "medium.en": 1528, "medium": 1528, "large-v1": 3087, "large-v2": 3087, "large-v3": 3087,
    "large": 3087, "large-v3-turbo": 1618, "turbo": 1618,
}  # fmt: skip

_SUFFIX = ".pt"
_ALIKE = 65.0  # rapidfuzz score from which a name is suggested


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A model that has a name.

    Attributes:
        url: of the file, its last part is the file's name; empty for the demo model.
        sha256: hexadecimal; empty for the demo model.
        megabytes: about, in 10⁶ bytes; 0 where not known.
    """

    name: str
    url: str
    sha256: str
    megabytes: int = 0

    @property
    def file(self) -> str:
        """Name of the file, the same for every name that a model goes by."""
        return self.url.rsplit("/", 1)[-1]

    @property
    def size(self) -> str:
        """For people: ``about 484 MB``."""
        return f"about {self.megabytes} MB" if self.megabytes else "size not known"


@dataclass(frozen=True, slots=True)
class InstalledModel:
    """A model file on this machine.

    Attributes:
        name: what ``locate`` finds it by, where no other file goes before it.
        size: bytes.
        complete: False for a download that is not finished or a file that is cut off; None where
            that can't be told without its checksum.
    """

    name: str
    path: Path
    size: int
    complete: bool | None


Catalogue = Mapping[str, ModelInfo]


@functools.cache
def catalogue() -> Catalogue:
    """The demo model, and the official ones as the installed openai-whisper knows them, by name.

    Imports torch.

    Raises:
        ModelError: openai-whisper can't be imported.
    """
    try:
        import whisper
    except (ImportError, OSError) as error:
        raise ModelError(
            f"openai-whisper can't be imported ({type(error).__name__})",
            "run 'pip install openai-whisper', then 'voiceguard doctor'",
        ) from error
    # Its addresses end in …/<sha256>/<file name>.
    models = [
        ModelInfo(name, url, url.split("/")[-2], SIZES_MB.get(name, 0))
        for name, url in whisper._MODELS.items()
    ]
    shipped = DEMO_FILE.stat().st_size // 1_000_000 if _is_file(DEMO_FILE) else 0
    return MappingProxyType({m.name: m for m in (ModelInfo(DEMO, "", "", shipped), *models)})


def official(sha256: str, known: Catalogue | None = None) -> ModelInfo | None:
    """The official model whose file has this checksum, whatever the file is called; else None."""
    models = catalogue() if known is None else known
    return next((m for m in models.values() if m.url and m.sha256 == sha256.lower()), None)


def default_folder() -> Path:
    """Where models are kept unless told otherwise: ``voiceguard/models`` in the user's cache.

    Raises:
        UsageError: there is no home folder.
    """
    return _cache() / "voiceguard" / "models"


def folders(model_dir: Path | None = None) -> tuple[Path, ...]:
    """The folders that are searched, in order; none of them need exist."""
    found = [] if model_dir is None else [model_dir]
    with contextlib.suppress(UsageError):  # no home folder: only the one given is left
        found += [default_folder(), _cache() / "whisper"]
    return tuple(dict.fromkeys(found))


def locate(
    name_or_path: str, model_dir: Path | None = None, *, known: Catalogue | None = None
) -> Path:
    """The file of a model. Never uses the network.

    Args:
        name_or_path: ``demo``, an official name, the name of any file in one of the folders
            (without ``.pt``), or a path (with a separator, or ending in ``.pt``).
        model_dir: searched before the default folders.
        known: stands in for the official catalogue.

    Raises:
        ModelMissingError: it is not on this machine, or there is no model of this name; says how
            to get it, with and without a network, or which names are near.
        ModelError: its file is there but cut off.
        UsageError: nothing or a folder is given.
    """
    name = name_or_path.strip()
    if not name:
        raise UsageError("no model is named", "give a name or the path of a .pt file")
    if name.lower() == DEMO:
        return _shipped()
    if _is_path(name):
        path = _expanded(name)
        if _is_file(path):
            return path
        _refuse_folder(path)
        if _separated(name):
            # "openai/whisper-small" is how another library calls it.
            hint = "" if name.endswith(_SUFFIX) else _suggestion(path.name, known)
            raise ModelMissingError(f"no model file {path}", hint or "check the path")
        name = name.removesuffix(_SUFFIX)
    found = [f for folder in folders(model_dir) if _is_file(f := folder / f"{name}{_SUFFIX}")]
    if not found or not _usable(found):
        found += _official_files(name, model_dir, known)
    if usable := _usable(found):
        return usable[0]
    if found:
        raise ModelError(f"{found[0]} is cut off", f"run {_pulling(name, model_dir)} again")
    raise _missing(name, model_dir, known)


def installed(
    model_dir: Path | None = None, *, verify: bool = False, known: Catalogue | None = None
) -> list[InstalledModel]:
    """Model files, whole or not, in the order in which ``locate`` would find them.

    Args:
        verify: compare official models with their checksum (reads every file whole); else only
            what shows at a glance makes ``complete`` False.
    """
    files = [DEMO_FILE] if _is_file(DEMO_FILE) else []
    for folder in folders(model_dir):
        files += sorted(f for f in _listed(folder) if f.name.endswith((_SUFFIX, _SUFFIX + PART)))
    models = (catalogue() if known is None else known) if verify else {}
    out = []
    for file in files:
        name = file.name.removesuffix(PART).removesuffix(_SUFFIX)
        whole = False if file.name.endswith(PART) else _looks_whole(file)
        info = models.get(name)
        if whole is not False and info is not None and info.url:
            whole = matches(file, info.sha256)
        try:
            out.append(InstalledModel(name, file, file.stat().st_size, whole))
        except OSError:
            continue  # removed while we looked
    return out


def pull(
    name: str,
    model_dir: Path | None = None,
    on_progress: Progress | None = None,
    *,
    known: Catalogue | None = None,
    timeout: float = 30.0,
    pause: float = 1.0,
) -> Path:
    """Download a model, or go on where an earlier download stopped. Uses the network.

    The file appears under its name only when it is whole and its checksum is right; until then it
    is ``NAME.pt.part``. Where another process is pulling the same file, waits for it.

    Args:
        model_dir: made where it is not there; the default folder where None. Without one a right
            file in openai-whisper's folder will do.
        on_progress: called with bytes there and bytes in all (None where not known).
        known: stands in for the official catalogue.
        timeout: of a connection that says nothing, in seconds.
        pause: before the first of three retries, in seconds; doubles.

    Returns:
        The file; at once, where it is already there and right.

    Raises:
        ModelMissingError: no model of this name, no network, or no such file on the server.
        ModelError: the checksum is wrong, or the file can't be written.
        UsageError: no folder is given and there is no home folder.
    """
    if name.lower() == DEMO:
        return _shipped()
    models = catalogue() if known is None else known
    info = models.get(name) or models.get(name.lower().removesuffix(_SUFFIX))
    if info is None:
        hint = _suggestion(name, models) or f"there are {', '.join(models)}"
        raise ModelMissingError(f"there is no model {name!r} to pull", hint)
    folder = default_folder() if model_dir is None else model_dir
    for place in folders() if model_dir is None else (folder,):
        for file in _names(info, models):
            if matches(place / file, info.sha256):
                return place / file
    parcel = Parcel(
        info.url, info.sha256, folder / info.file, info.megabytes * 1_000_000,
        by_hand=_by_hand(info, folder),
    )
    return fetch(parcel, on_progress, timeout=timeout, pause=pause)


def _cache() -> Path:
    given = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if given.is_absolute():  # the standard has relative ones ignored
        return given
    try:
        return Path.home() / ".cache"
    except RuntimeError as error:
        raise UsageError("there is no home folder for models", "give one with --model-dir") \
            from error


def _shipped() -> Path:
    if _is_file(DEMO_FILE):
        return DEMO_FILE
    raise ModelMissingError(
        f"the demo model is not in this installation ({DEMO_FILE})",
        "install VoiceGuard again, or take the file from its repository",
    )


def _official_files(name: str, model_dir: Path | None, known: Catalogue | None) -> list[Path]:
    """Files of the official model ``name``, by any name that it goes by."""
    models = catalogue() if known is None else known
    info = models.get(name) or models.get(name.lower())
    if info is None:
        return []
    files = (f / n for f in folders(model_dir) for n in _names(info, models))
    return [file for file in files if _is_file(file)]


def _names(info: ModelInfo, models: Catalogue) -> tuple[str, ...]:
    """File names under which a model may lie: its own first, then those of its other names."""
    same = [f"{m.name}{_SUFFIX}" for m in models.values() if m.sha256 == info.sha256]
    return tuple(dict.fromkeys([info.file, *same]))


def _missing(name: str, model_dir: Path | None, known: Catalogue | None) -> ModelMissingError:
    models = catalogue() if known is None else known
    info = models.get(name) or models.get(name.lower())
    if info is None:
        _refuse_folder(Path(name))
        hint = _suggestion(name, models) or "'voiceguard models list' shows the names"
        if _is_file(Path(name)):
            hint = f"write ./{name} for the file of that name"
        return ModelMissingError(f"there is no model {name!r}", hint)
    try:
        by_hand = _by_hand(info, default_folder() if model_dir is None else model_dir)
    except UsageError as error:
        by_hand = error.hint
    return ModelMissingError(
        f"model {info.name} is not on this machine",
        f"run {_pulling(info.name, model_dir)} ({info.size}); {by_hand}",
    )


def _pulling(name: str, model_dir: Path | None) -> str:
    where = "" if model_dir is None else f" --model-dir {shlex.quote(str(model_dir))}"
    return f'"voiceguard models pull {name}{where}"'


def _by_hand(info: ModelInfo, folder: Path) -> str:
    return (f"without a network here, fetch {info.url} elsewhere and copy it to "
            f"{folder / info.file} (sha256 {info.sha256})")


def _suggestion(name: str, known: Catalogue | None) -> str:
    """Names that are near, as a hint; empty where none is."""
    from rapidfuzz import fuzz, process

    models = catalogue() if known is None else known
    asked = name.lower().removeprefix("whisper-").removeprefix("openai-whisper-")
    names = list(dict.fromkeys([DEMO, *models]))
    near = process.extract(asked, names, scorer=fuzz.ratio, limit=3, score_cutoff=_ALIKE)
    if not near:
        return ""
    exact = [n for n, score, _ in near if score == 100]
    return f"did you mean {' or '.join(exact or [n for n, _, _ in near])}?"


def _expanded(name: str) -> Path:
    try:
        return Path(name).expanduser()
    except RuntimeError:  # ~ of nobody
        return Path(name)


def _is_path(name: str) -> bool:
    return _separated(name) or name.endswith(_SUFFIX)


def _separated(name: str) -> bool:
    return any(mark in name for mark in (os.sep, os.altsep) if mark)


def _refuse_folder(path: Path) -> None:
    try:
        is_folder = path.is_dir()
    except (OSError, ValueError):
        return
    if is_folder:
        raise UsageError(
            f"the model {path} is a folder",
            "give the .pt file in it, or the folder with --model-dir and the model's name",
        )


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # too long a name, a folder that may not be read, a NUL
        return False


def _listed(folder: Path) -> list[Path]:
    try:
        return [file for file in folder.iterdir() if _is_file(file)]
    except OSError:
        return []


def _usable(files: list[Path]) -> list[Path]:
    return [file for file in files if _looks_whole(file) is not False]


def _looks_whole(path: Path) -> bool | None:
    """Whether a file is a whole zip archive, as PyTorch writes; None where it is not a zip."""
    try:
        with path.open("rb") as file:
            head = file.read(4)
        if not head:
            return False
        return zipfile.is_zipfile(path) if head == b"PK\x03\x04" else None
    except OSError:
        return None
