"""What the standards say of reply codes and enhanced status codes: the rows of codes.toml, read once."""

from __future__ import annotations

from functools import lru_cache


def code_meaning(code: str) -> tuple[str, str] | None:
    """Meaning and source of a reply code or enhanced status code, None where the standards do not know it."""
    return _rows().get(code) or (_rows().get(f"x{code[1:]}") if "." in code else None)


@lru_cache(maxsize=1)
def _rows() -> dict[str, tuple[str, str]]:
    """Meaning and source by code; enhanced codes with x for their class."""
    import tomllib
    from importlib import resources

    table = resources.files("smtptrace.diagnosis").joinpath("codes.toml").read_text(encoding="utf-8")
    return {row["code"]: (row["meaning"], row["source"]) for row in tomllib.loads(table)["code"]}
