"""Folders of rule files, read whole: all rules, or all problems."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

from voiceguard.domain import RulesUsed
from voiceguard.errors import Problem, RulesError, UsageError
from voiceguard.rules import parse, rulesets
from voiceguard.rules.conditions import Condition
from voiceguard.rules.names import Names
from voiceguard.rules.rule import Category, Guard, Rule
from voiceguard.rules.schema import CategoryFile, ConditionFile, ListFile, NamedModel, RuleFile
from voiceguard.rules.yaml_nodes import Document

#: Files of a rule folder that hold no rules.
_OTHER = (
    "categories.yaml", "playbook.yaml", "conditions.yaml", "lists.yaml", "rulesets.yaml",
)


@dataclass(frozen=True, slots=True)
class Library:
    """All rules in force.

    Attributes:
        used: names, versions and a hash of everything that can change a flag.
        guards: the shared named conditions that have examples.
        root: the folder that they were read from.
    """

    rules: tuple[Rule, ...]
    categories: tuple[Category, ...]
    used: RulesUsed
    guards: tuple[Guard, ...] = ()
    root: Path | None = None

    def category(self, id_: str) -> Category:
        """The category ``id_``. Raises KeyError where there is none."""
        found = next((c for c in self.categories if c.id == id_), None)
        if found is None:
            raise KeyError(id_)
        return found

    def only(self, names: str) -> Library:
        """What ``names`` choose: libraries (comma-separated; ``all`` for all of them), a ruleset
        of the folder's ``rulesets.yaml``, or a file of rulesets (``FILE`` or ``FILE#NAME``).

        Raises:
            UsageError: there is no such library or ruleset.
            RulesError: something is wrong in the ruleset.
        """
        wanted = {name.strip() for name in names.split(",") if name.strip()}
        if wanted == {"all"}:
            return self
        here = {name for name, _ in self.used.libraries}
        unknown = sorted(wanted - here)
        if len(wanted) == 1 and unknown:
            chosen = self._ruleset(unknown[0])
            if chosen is not None:
                return chosen
        if unknown or not wanted:
            missing = unknown[0] if unknown else names
            raise UsageError(f"no rule library {missing!r}", f"there are {', '.join(sorted(here))}")
        digest = hashlib.sha256(f"{self.used.sha256}|{','.join(sorted(wanted))}".encode())
        used = RulesUsed(tuple(p for p in self.used.libraries if p[0] in wanted),
                         digest.hexdigest())
        rules = tuple(r for r in self.rules if r.library in wanted)
        return replace(self, rules=rules, used=used)

    def _ruleset(self, name: str) -> Library | None:
        """The ruleset that ``name`` means, None where it means none."""
        file, _, inner = name.partition("#")
        path, which = Path(file), inner or None
        if path.suffix not in (".yaml", ".yml"):
            path, which = (self.root or shipped()) / rulesets.FILE, name
            if not path.exists() or name not in rulesets.names_in(path):
                return None
        shared = Names()
        _shared(self.root or shipped(), shared, [], hashlib.sha256())
        ids = {c.id for c in self.categories}
        chosen = rulesets.choose(path, which, self.rules, self.used, ids, shared)
        return replace(self, rules=chosen.rules, used=chosen.used)


def shipped() -> Path:
    """The folder of libraries that came with VoiceGuard: in the wheel, or in the checkout."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "keywords"
    return inside if inside.is_dir() else package.parent / "keywords"


def load_library(folder: Path | None = None) -> Library:
    """Read all rule files below ``folder`` (the shipped ones where None).

    A folder without its own ``categories.yaml``, ``conditions.yaml`` or ``lists.yaml`` uses the
    shipped one.

    Raises:
        UsageError: the folder is not there or holds no rules.
        RulesError: anything is wrong in any file; it names every problem.
    """
    root = shipped() if folder is None else folder
    if not root.is_dir():
        raise UsageError(f"no rule folder {root}", "give a folder of YAML rule files with --rules")
    files = sorted(p for p in root.rglob("*.yaml") if p.name not in _OTHER)
    if not files:
        raise UsageError(f"no rule files in {root}", "rule files end in .yaml")
    digest = hashlib.sha256()
    problems: list[Problem] = []
    categories = _categories(root, problems, digest)
    known = {c.id for c in categories}
    shared = Names()
    guards = _shared(root, shared, problems, digest)
    rules: list[Rule] = []
    heads: dict[str, str] = {}
    for path in files:
        document = _read(path, root, digest)
        rules += _rules(document, known, heads, shared)
        problems += document.problems
    problems += _twice(rules)
    if problems:
        raise RulesError(tuple(sorted(problems, key=lambda p: (p.file, p.line or 0))))
    used = RulesUsed(tuple(sorted(heads.items())), digest.hexdigest())
    return Library(tuple(rules), categories, used, guards, root)


def _read(path: Path, root: Path, digest: hashlib._Hash) -> Document:
    document = Document.read(path, str(path))
    digest.update(f"{path.relative_to(root).as_posix()}\0".encode())
    if not document.problems or document.value is not None:
        digest.update(path.read_bytes())
    return document


def _categories(
    root: Path, problems: list[Problem], digest: hashlib._Hash
) -> tuple[Category, ...]:
    path = root / "categories.yaml"
    if not path.exists():
        path = shipped() / "categories.yaml"
    document = _read(path, path.parent, digest)
    model = parse.validated(CategoryFile, document.value, document)
    problems += document.problems
    if model is None:
        return ()
    return tuple(Category(k, v.zh, v.en, v.summary) for k, v in model.categories.items())


def _shared(
    root: Path, names: Names, problems: list[Problem], digest: hashlib._Hash
) -> tuple[Guard, ...]:
    """Fill ``names`` from ``lists.yaml`` and ``conditions.yaml``; the folder's own conditions."""
    lists: dict[str, list[str]] = {}
    for file in ("lists.yaml", "conditions.yaml"):
        path = next((f for f in (root / file, shipped() / file) if f.exists()), None)
        if path is None:
            continue
        document = _read(path, path.parent, digest)
        if file == "lists.yaml":
            head = parse.validated(ListFile, document.value, document)
            lists = head.lists if head else {}
            names.define(lists, {}, document, parse.named)
            problems += document.problems
            continue
        body = parse.validated(ConditionFile, document.value, document)
        raw = body.conditions if body else {}
        names.define({}, raw, document, parse.named)
        problems += document.problems
        if path.parent == root:
            return tuple(_guard(k, raw[k], document, part) for k, part in names.defined.items())
    return ()


def _guard(name: str, raw: object, document: Document, part: Condition) -> Guard:
    model = NamedModel.model_validate({"phrase": raw} if isinstance(raw, str) else raw)
    examples = model.examples
    hits, misses = (examples.hit, examples.miss) if examples else ((), ())
    return Guard(name, part, tuple(hits), tuple(misses), model.note, document.file,
                 document.line(("conditions", name)))


def _rules(
    document: Document, categories: set[str], heads: dict[str, str], shared: Names
) -> list[Rule]:
    if document.value is None:
        if not document.problems:
            document.problems.append(Problem(document.file, None, "is empty"))
        return []
    head = parse.validated(RuleFile, document.value, document)
    if head is None:
        return []
    name, version = head.library.name, head.library.version
    if heads.setdefault(name, version) != version:
        document.problems.append(
            Problem(document.file, document.line(("library", "version")),
                    f"library {name} has version {heads[name]} in another file")
        )
    names = Names(shared)
    names.define(head.lists, head.conditions, document, parse.named)
    made = (
        parse.rule(raw, document, ("rules", i), categories, name, names)
        for i, raw in enumerate(head.rules)
    )
    return [r for r in made if r is not None]


def _twice(rules: list[Rule]) -> list[Problem]:
    first: dict[str, Rule] = {}
    out = []
    for rule in rules:
        before = first.setdefault(rule.id, rule)
        if before is not rule:
            message = f"id {rule.id} is already used in {before.file}:{before.line}"
            out.append(Problem(rule.file, rule.line, message))
    return out
