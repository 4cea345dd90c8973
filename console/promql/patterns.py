"""Regular expressions as RE2 reads them, put so that Python's `re` reads them alike.

Both agree on most. But in RE2 flags may stand anywhere, `ab(?i)c`, and hold up to the end of their group; and
it knows no looking around and no references back, which are refused here as they are there.
"""

import re

_TOKEN = re.compile(
    r"(?P<escaped>\\.)"
    r"|(?P<set>\[\^?\]?(?:\\.|[^\]\\])*\])"
    r"|\(\?(?P<flags>[ims]*(?:-[ims]+)?)\)"
    r"|(?P<group>\((?:\?P?<\w+>|\?[ims]*(?:-[ims]+)?:|(?!\?)))"
    r"|(?P<foreign>\(\?.?.?)"
    r"|(?P<plain>.)",
    re.DOTALL,
)


def in_python(text: str) -> str:
    """The expression for `re` with DOTALL and ASCII. re.error for what RE2 hasn't, or we can't say."""
    written: list[str] = []
    flags: list[list[str]] = [[]]  # what holds in each group that is open
    for token in _TOKEN.finditer(text):
        match token.lastgroup:
            case "foreign":
                raise re.error(f"{token[0]} is not supported")
            case "escaped" | "set":
                written.append(_checked(token[0]))
            case "flags":
                flags[-1].append(f"(?{token['flags']}:")
                written.append(flags[-1][-1])
            case "group":
                flags.append([])
                written.append(token[0].replace("(?<", "(?P<"))
            case _ if token[0] == "|":
                written.append(")" * len(flags[-1]) + "|" + "".join(flags[-1]))
            case _ if token[0] == ")":
                written.append(")" * len(flags.pop() if len(flags) > 1 else []) + ")")
            case _:
                written.append(token[0])
    return "".join(written) + ")" * len(flags[0])


def _checked(signs: str) -> str:
    """An escape or a set of characters, which mean the same to both."""
    if re.match(r"\\[1-9QECZ]|\[.*\[:", signs):
        raise re.error(f"{signs} is not supported")
    return r"\Z" if signs == r"\z" else signs
