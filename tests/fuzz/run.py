"""Coverage-guided fuzzing of one group of decoders with atheris.

    python tests/fuzz/run.py GROUP CORPUS... [-runs=1000000]

GROUP is a name of `targets.TARGETS`; the other arguments are libFuzzer's. Octets that make a target raise, last long
or take much memory are left in the working directory: put them into tests/fuzz/finds/GROUP, where the tests play them
again.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parent))

with atheris.instrument_imports(include=["smtptrace.auth"]):
    import targets


def main() -> None:
    """Fuzz the group that the first argument names."""
    group, *options = sys.argv[1:]
    atheris.Setup([sys.argv[0], "-timeout=10", "-rss_limit_mb=1024", "-max_len=4096", *options], targets.TARGETS[group])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
