"""The knowledge of rules, patterns, causes and reply codes as a pocket book: one article a name."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import ModuleType

from smtptrace.diagnosis import CAUSES, code_meaning, knowledge_rows, slug_of
from smtptrace.findings import RULES
from smtptrace.patterns import PATTERNS, thresholds_of

_CODE = re.compile(r"[2-5][0-9]{2}|[245]\.[0-9]{1,3}\.[0-9]{1,3}")


@dataclass(slots=True)
class Article:
    """One name explained: `kind` is rule, pattern, cause or code; `parts` are headings with their lines."""

    name: str
    kind: str
    meaning: str
    parts: dict[str, list[str]] = field(default_factory=dict)


def article(name: str) -> Article | None:
    """The article of a slug, reply code or enhanced code; None where there is none."""
    wanted = name.strip().lower()
    if _CODE.fullmatch(wanted):
        return _code(wanted)
    module = wanted.replace("-", "_")
    if module in CAUSES:
        return cause(module)
    if module in RULES:
        return rule(module)
    return pattern(module) if module in PATTERNS else None


def names() -> list[str]:
    """All slugs there is an article for."""
    return sorted(slug_of(name) for registry in (CAUSES, RULES, PATTERNS) for name in registry)


def rule(name: str) -> Article:
    """A rule on one session."""
    module = RULES[name]
    return Article(slug_of(name), "rule", meaning(module), _judgement(module))


def pattern(name: str) -> Article:
    """A pattern over many sessions, with its thresholds."""
    module = PATTERNS[name]
    numbers = inspect.getdoc(module.Thresholds) or ""
    told = dict(re.findall(r"(?m)^(\w+): (.+)$", numbers))
    lines = [f"{key} = {value:g}: {told.get(key, '')}" for key, value in thresholds_of(name).items()]
    return Article(slug_of(name), "pattern", meaning(module), {"thresholds": lines, **_judgement(module)})


def cause(name: str) -> Article:
    """A cause, its fixes by server, and the wordings that speak for it."""
    module, slug = CAUSES[name], slug_of(name)
    fixes = [text if server == "any" else f"{server}: {text}" for server, text in module.FIX.items()]
    likely = [row for row in knowledge_rows() if row.causes.get(slug, 0) >= 0.5]
    said = [f"{' '.join((*row.codes, *row.enhanced)) or 'any code'}: {row.meaning}" for row in likely]
    return Article(slug, "cause", meaning(module), {"fix": fixes, "told by": said, "see": list(module.REFERENCES)})


def meaning(module: ModuleType) -> str:
    """The first line of a module's docstring."""
    return (module.__doc__ or "").partition("\n")[0]


def _judgement(module: ModuleType) -> dict[str, list[str]]:
    return {
        "severity": [module.SEVERITY.name.lower()],
        "may be": list(module.INNOCENT),
        "do": [module.ADVICE],
        "see": list(module.REFERENCES),
    }


def _code(code: str) -> Article | None:
    """A reply code or enhanced code: what the standard says, and what servers mean by it."""
    standard = code_meaning(code)
    lines = []
    for row in knowledge_rows():
        if code in row.codes or code in row.enhanced:
            where = "/".join(row.flavours) or "any server"
            causes = ", ".join(slug for slug, weight in row.causes.items() if weight >= 0.5)
            lines.append(f"{where}: {row.meaning}" + (f" -> {causes}" if causes else ""))
    if standard is None and not lines:
        return None
    text, source = standard or ("Not a code of the standards.", "")
    return Article(code, "code", text, {"servers": lines, "see": [source] if source else []})


def text_of(found: Article) -> Iterator[str]:
    """An article as lines of text."""
    yield f"{found.name} ({found.kind}): {found.meaning}"
    for heading, lines in found.parts.items():
        for number, line in enumerate(lines):
            yield f"  {heading if number == 0 else '':12}{line}"


def markdown_of(found: Article) -> Iterator[str]:
    """An article as a section of a document."""
    yield f"### `{found.name}`"
    yield ""
    yield found.meaning
    for heading, lines in found.parts.items():
        if lines:
            yield ""
            yield from [f"- *{heading}*: {lines[0]}", *(f"  - {line}" for line in lines[1:])]
    yield ""
