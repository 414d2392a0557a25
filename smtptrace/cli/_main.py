"""The command `smtptrace`: finds the commands in this folder and loads the one that is called."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from smtptrace import __version__
from smtptrace._registry import Registry
from smtptrace.errors import MissingError, SmtptraceError

COMMANDS = Registry("smtptrace.cli")

GROUPS = ("look", "explain", "keep", "act", "record")
"""Headings of `--help` in their order; a command names its own in the constant GROUP."""


UNREAD = 141
"""Exit code where the reader of the output has left, as if by SIGPIPE: of what was not written nothing is known."""


class _UnreadError(Exception):
    """The reader of the output has left."""


class _Commands(click.Group):
    """The commands of the folder; none is imported before it is called."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise _UnreadError from error
        except SystemExit as leaving:  # rich ends the process so
            if isinstance(leaving.__context__, BrokenPipeError):
                raise _UnreadError from leaving
            raise

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return [name.replace("_", "-") for name in COMMANDS.names()]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        name = cmd_name.replace("-", "_")
        if name not in COMMANDS:
            return None
        command: click.Command = COMMANDS[name].command
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        names = [name for name in self.list_commands(ctx) if name.startswith(incomplete)]
        found = [CompletionItem(name, help=_first_sentence(name.replace("-", "_"))) for name in names]
        return [*found, *click.Command.shell_complete(self, ctx, incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        for group in GROUPS:
            names = [name for name in COMMANDS.names() if COMMANDS.constant(name, "GROUP") == group]
            if names:
                with formatter.section(group):
                    formatter.write_dl([(name.replace("_", "-"), _first_sentence(name)) for name in names])


def _first_sentence(name: str) -> str:
    return COMMANDS.summary(name).rstrip(".")


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="smtptrace")
def smtptrace() -> None:
    """Read SMTP sessions from captures and transcripts, decode them and explain why they failed.

    \b
    smtptrace list mail.pcapng            the sessions, a line each
    smtptrace show -s 7 mail.pcapng       one of them as a dialogue, decoded
    smtptrace list --json - < mail.pcap   for machines; '-' is standard input

    Exit codes: 0 fine, 1 findings or differences, 2 usage, 3 input unreadable, 4 a tool or server is missing or broken,
    130 interrupted, 141 nobody reads the output any more (| head).

    \b
    Tab completion, in the start file of the shell:
      bash  eval "$(_SMTPTRACE_COMPLETE=bash_source smtptrace)"
      zsh   eval "$(_SMTPTRACE_COMPLETE=zsh_source smtptrace)", after compinit
      fish  _SMTPTRACE_COMPLETE=fish_source smtptrace | source
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and end the process with its exit code."""
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command and give its exit code; an error of ours is one line on standard error."""
    _give_output()
    _utf8()
    try:
        result: Any = smtptrace.main(args=arguments, prog_name="smtptrace", standalone_mode=False)
    except SmtptraceError as error:
        click.echo(f"smtptrace: {error}", err=True)
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("smtptrace: interrupted", err=True)
        return 130
    except _UnreadError:
        _drop_output()
        return UNREAD
    except OSError as error:  # a disk that is full, most likely that of the output
        _drop_output()
        click.echo(f"smtptrace: {error}", err=True)
        return MissingError.exit_code
    return result if isinstance(result, int) else 0


def _give_output() -> None:
    """Write to nowhere where standard output or error is closed (`>&-`)."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - as long as the process


def _utf8() -> None:
    """Write UTF-8 whatever the locale says, so that captured names never end a run."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:
            reconfigure(encoding="utf-8", errors="backslashreplace")


def _drop_output() -> None:
    """The reader of our output is gone (`| head`): leave without a word."""
    from contextlib import suppress

    with suppress(OSError):  # it is no file
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
