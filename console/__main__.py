"""`python -m console` is `opsconsole`."""

from console.cli import main

main()
