"""`python -m smtptrace`."""

from smtptrace.cli._main import main

main()
