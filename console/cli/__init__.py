"""The command line. Thin: it reads options, calls the core and prints; imports wait until they are needed.

Bad input is one line on stderr and exit code 2. Each command says what its own codes mean.
"""

import importlib
import sys
from typing import Any

import click

from console import __version__
from console.cli.command_line import Given, fail, settings_of, with_drawing, with_settings

_COMMANDS = {
    "access": "access",
    "alerts": "alerts",
    "approve": "access",
    "audit": "audit",
    "backup": "backup",
    "check": "check",
    "completion": "completion",
    "demo": "demo",
    "deployment": "deployment",
    "drill": "drill",
    "engine": "engine",
    "flags": "flags",
    "kill": "kill",
    "notify": "notify",
    "paper": "paper",
    "query": "query",
    "record": "history",
    "recover": "recover",
    "release": "release",
    "replay": "history",
    "rollback": "rollback",
    "runbook": "runbook",
    "status": "status",
    "verify": "verify",
}
"""Commands by the module here that has them."""


class _Commands(click.Group):
    """Reads the module of a command when it is called for: neither a screen nor a trip waits for others."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        module = _COMMANDS.get(cmd_name)
        if module is None:
            return None
        command = getattr(importlib.import_module(f"{__name__}.{module}"), cmd_name)
        return command if isinstance(command, click.Command) else None


@click.group(
    cls=_Commands, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]}
)
@with_settings
@with_drawing
@click.version_option(__version__, prog_name="opsconsole")
@click.pass_context
def cli(ctx: click.Context, /, *, fps: float | None, low_bandwidth: bool, **given: Any) -> None:
    """Operate live futures engines from a terminal.

    Without a command, the console opens on the context.
    """
    ctx.obj = Given(**given)
    if ctx.invoked_subcommand is None:
        from console import heap  # noqa: PLC0415
        from console.cli.opening import open_console  # noqa: PLC0415

        heap.hold_together()  # before a thread reads the settings
        sys.exit(open_console(settings_of(ctx, ctx.obj), fps, low_bandwidth, config=ctx.obj.config))


def main() -> None:
    """Run the command that `sys.argv` asks for, and exit with its code: what goes wrong is one line."""
    try:
        code = cli.main(prog_name="opsconsole", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        code = error.exit_code
    except click.UsageError as error:
        fail(_said(error), error.exit_code)
    except click.ClickException as error:
        fail(error.format_message(), error.exit_code)
    except click.Abort:
        code = 130
    except OSError as error:
        fail(str(error))
    sys.exit(code if isinstance(code, int) else 0)


def _said(error: click.UsageError) -> str:
    """What is wrong with the command line, and who tells how it should be."""
    words = error.format_message()
    return words if error.ctx is None else f"{words} See `{error.ctx.command_path} --help`"
