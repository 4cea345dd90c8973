"""Whatever a file says: where the model tells a stage, the paper engine applies that one."""

from hypothesis import given
from hypothesis import strategies as st

from console.domain.rollout.stages import PAPER, Stage, effective_stage
from console.paper import flags as paper
from console.sources.flags import parse_flags

SYMBOLS = ("BTC", "ETH", "SOL")
ACCOUNTS = ("2", "3")
LISTS = ("[]", "[BTC]", "[BTC, ETH]", "[ETH, BTC]", "[7]", "", "BTC", "{BTC: 1}")
VALUES = {
    "enabled": ("true", "false", "off", "", "0", "maybe"),
    "stage": (
        "disabled",
        "shadow",
        "canary",
        "canary",
        "production",
        "off",
        "on",
        "Canary",
        "",
        "3",
        "[canary]",
    ),
    "canary_symbols": LISTS,
    "allowed_symbols": LISTS,
    "canary_percentage": ("0", "37", "68.5", "100", "-1", "250", ".nan", "true", "half", ""),
    "allowed_accounts": ('["2"]', '["3", "2"]', "[3]", "[]", "", "3"),
    "symbol_stages": ("{BTC: shadow}", "{BTC: production, ETH: off}", "{}", "", "{BTC: Live}", "[BTC]"),
    "owner": ("somebody", ""),
}
SWITCHES = (
    "",
    "global_kill_switch: false",
    "global_kill_switch: on",
    "global_kill_switch:",
    "global_kill_switch: x",
)


@st.composite
def files(draw: st.DrawFn) -> bytes:
    entry = draw(st.fixed_dictionaries({}, optional={key: st.sampled_from(VALUES[key]) for key in VALUES}))
    guard = ", ".join(f"{key}: {value}" for key, value in entry.items())
    return f"{draw(st.sampled_from(SWITCHES))}\nfeatures: {{guard: {{{guard}}}}}\n".encode()


@given(files())
def test_a_stage_that_is_told_is_the_one_that_the_paper_engine_applies(content: bytes) -> None:
    flags = parse_flags(content, "flags.yaml")
    try:
        loaded = paper.parse_flags(content.decode())
    except paper.FlagsError:
        assert any(finding.serious for finding in flags.findings)
        return
    for symbol in SYMBOLS:
        for account in ACCOUNTS:
            told = effective_stage(flags, "guard", symbol, account, PAPER)
            assert told is None or told is Stage(paper.effective_stage(loaded, "guard", symbol, int(account)))


@given(files())
def test_a_stage_that_is_not_told_has_a_serious_finding(content: bytes) -> None:
    flags = parse_flags(content, "flags.yaml")
    told = {effective_stage(flags, "guard", symbol, "2", PAPER) for symbol in SYMBOLS}
    assert None not in told or any(finding.serious for finding in flags.findings)
