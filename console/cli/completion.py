"""The command `completion`: what a shell needs to complete the commands and their options."""

import click
from click.shell_completion import get_completion_class

from console.cli.command_line import fail


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the completion script for SHELL; `eval "$(opsconsole completion bash)"` turns it on."""
    completer = get_completion_class(shell)
    if completer is None:
        fail(f"no completion for {shell}")
    click.echo(completer(ctx.find_root().command, {}, "opsconsole", "_OPSCONSOLE_COMPLETE").source())
