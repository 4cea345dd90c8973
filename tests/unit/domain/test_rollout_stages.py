"""The stage that an engine applies: worked out by hand, case by case."""

from time import process_time

import pytest

from console.domain.rollout.stages import (
    PAPER,
    Dialect,
    Stage,
    effective_stage,
    feature_named,
    same_meaning,
    stage_rules,
    symbols_listed,
)
from console.domain.surfaces import Feature, Flags
from console.sources.flags import parse_flags

PLAIN = Dialect()
ONE_NAME = Dialect(lists=("allowed_symbols",))
UNKNOWN = None
OFF, SHADOW, CANARY, LIVE = Stage


def flags_of(entry: str, head: str = "") -> Flags:
    return parse_flags(f"{head}\nfeatures:\n  guard: {entry}\n".encode(), "flags.yaml")


def stage(
    entry: str, symbol: str = "BTC", account: str | None = "2", head: str = "", dialect: Dialect = PAPER
) -> Stage | None:
    return effective_stage(flags_of(entry, head), "guard", symbol, account, dialect)


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("{stage: disabled}", OFF),
        ("{stage: shadow}", SHADOW),
        ("{stage: canary}", CANARY),
        ("{stage: production}", LIVE),
        ('{stage: "production"}', LIVE),
        ("{stage: off}", OFF),
        ("{stage: no}", OFF),
        ("{}", OFF),
        ("{enabled: true}", OFF),
        ("{stage: on}", UNKNOWN),
        ("{stage: }", UNKNOWN),
        ("{stage: Production}", UNKNOWN),
        ("{stage: CANARY}", UNKNOWN),
        ('{stage: "canary "}', UNKNOWN),
        ("{stage: 3}", UNKNOWN),
        ("{stage: live}", UNKNOWN),
        ("{stage: [canary]}", UNKNOWN),
        ("canary", UNKNOWN),
        ("[canary]", UNKNOWN),
        ("", UNKNOWN),
    ],
)
def test_the_stage_is_the_word_that_stands_there(entry: str, expected: Stage | None) -> None:
    assert stage(entry) is expected


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("{stage: production, enabled: true}", LIVE),
        ("{stage: production, enabled: on}", LIVE),
        ("{stage: production, enabled: false}", OFF),
        ("{stage: production, enabled: off}", OFF),
        ("{stage: Canary, enabled: false}", OFF),
        ("{stage: production, enabled: }", UNKNOWN),
        ("{stage: production, enabled: 0}", UNKNOWN),
        ("{stage: production, enabled: 'false'}", UNKNOWN),
    ],
)
def test_enabled_false_is_off_whatever_the_stage(entry: str, expected: Stage | None) -> None:
    assert stage(entry) is expected


@pytest.mark.parametrize(
    ("switch", "expected"),
    [
        ("global_kill_switch: true", OFF),
        ("global_kill_switch: on", OFF),
        ("global_kill_switch: false", LIVE),
        ("global_kill_switch: off", LIVE),
        ("global_kill_switch:", LIVE),
        ("", LIVE),
        ("global_kill_switch: 'false'", UNKNOWN),
        ("global_kill_switch: 1", UNKNOWN),
        ("environment: development", LIVE),
    ],
)
def test_the_kill_switch_is_off_for_all(switch: str, expected: Stage | None) -> None:
    assert stage("{stage: production}", head=switch) is expected


def test_a_kill_switch_that_nobody_understands_leaves_off_what_is_switched_off() -> None:
    assert stage("{stage: canary, enabled: false}", head="global_kill_switch: maybe") is OFF


@pytest.mark.parametrize(
    ("lists", "btc", "eth"),
    [
        ("canary_symbols: [BTC]", CANARY, OFF),
        ("allowed_symbols: [BTC]", CANARY, OFF),
        ("canary_symbols: [ETH]", OFF, CANARY),
        ("canary_symbols: [BTC], allowed_symbols: [BTC]", CANARY, OFF),
        ("canary_symbols: [BTC, ETH], allowed_symbols: [ETH, BTC]", CANARY, CANARY),
        ("canary_symbols: []", CANARY, CANARY),
        ("canary_symbols: ", CANARY, CANARY),
        ("allowed_symbols: []", CANARY, CANARY),
        ("canary_symbols: [], allowed_symbols: []", CANARY, CANARY),
        ("canary_symbols: [btc]", OFF, OFF),
        ("canary_symbols: [BTC, ETH], allowed_symbols: [BTC]", CANARY, UNKNOWN),
        ("canary_symbols: [BTC], allowed_symbols: [ETH]", UNKNOWN, UNKNOWN),
        ("canary_symbols: [BTC], allowed_symbols: []", CANARY, UNKNOWN),
        ("canary_symbols: [], allowed_symbols: [ETH]", UNKNOWN, CANARY),
        ("canary_symbols: BTC", UNKNOWN, UNKNOWN),
        ("canary_symbols: {BTC: 1}", UNKNOWN, UNKNOWN),
    ],
)
def test_a_canary_is_for_the_listed_symbols(lists: str, btc: Stage | None, eth: Stage | None) -> None:
    entry = f"{{stage: canary, {lists}}}"
    assert (stage(entry), stage(entry, "ETH")) == (btc, eth)


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("{stage: shadow, canary_symbols: [ETH]}", SHADOW),
        ("{stage: production, canary_symbols: [ETH]}", LIVE),
        ("{stage: disabled, canary_symbols: [BTC]}", OFF),
        ("{stage: shadow, canary_percentage: 0}", SHADOW),
        ("{stage: production, canary_percentage: 0}", LIVE),
        ("{stage: production, shadow_log_results: true, owner: x}", LIVE),
    ],
)
def test_what_limits_a_canary_limits_no_other_stage(entry: str, expected: Stage) -> None:
    assert stage(entry) is expected


def test_a_symbol_in_neither_of_two_lists_that_differ_is_off() -> None:
    assert stage("{stage: canary, canary_symbols: [A], allowed_symbols: [B]}") is OFF


@pytest.mark.parametrize(
    ("lists", "expected"),
    [
        ("allowed_symbols: [BTC]", CANARY),
        ("allowed_symbols: [ETH]", OFF),
        ("canary_symbols: [ETH]", CANARY),
        ("canary_symbols: [BTC], allowed_symbols: [ETH]", OFF),
    ],
)
def test_an_engine_that_knows_one_name_sees_no_other_list(lists: str, expected: Stage) -> None:
    assert stage(f"{{stage: canary, {lists}}}", dialect=ONE_NAME) is expected


@pytest.mark.parametrize(
    ("share", "paper", "plain"),
    [
        ("0", OFF, OFF),
        ("0.0", OFF, OFF),
        ("100", CANARY, CANARY),
        ("68", OFF, UNKNOWN),  # crc32(b"guard:BTC") % 100 is 68
        ("68.5", CANARY, UNKNOWN),
        ("69", CANARY, UNKNOWN),
        ("-1", UNKNOWN, UNKNOWN),
        ("101", UNKNOWN, UNKNOWN),
        (".nan", UNKNOWN, UNKNOWN),
        (".inf", UNKNOWN, UNKNOWN),
        ("true", UNKNOWN, UNKNOWN),
        ("'25'", UNKNOWN, UNKNOWN),
        ("25%", UNKNOWN, UNKNOWN),
    ],
)
def test_a_percentage_takes_its_share_of_the_symbols(
    share: str, paper: Stage | None, plain: Stage | None
) -> None:
    entry = f"{{stage: canary, canary_percentage: {share}}}"
    assert (stage(entry), stage(entry, dialect=PLAIN)) == (paper, plain)


@pytest.mark.parametrize(("share", "expected"), [("68", OFF), ("69", CANARY), ("0", OFF), ("100", CANARY)])
def test_a_listed_symbol_has_to_be_in_the_share_too(share: str, expected: Stage) -> None:
    assert stage(f"{{stage: canary, canary_symbols: [BTC], canary_percentage: {share}}}") is expected
    assert stage(f"{{stage: canary, canary_symbols: [ETH], canary_percentage: {share}}}") is OFF


@pytest.mark.parametrize(
    ("accounts", "account", "expected"),
    [
        ('["2"]', "2", LIVE),
        ('["3"]', "2", OFF),
        ('["2", "3"]', "3", LIVE),
        ("[2]", "2", LIVE),
        ("[]", "2", LIVE),
        ("", "2", LIVE),
        ('["3"]', None, LIVE),
        ('"2"', "2", UNKNOWN),
        ("2", "2", UNKNOWN),
    ],
)
def test_an_account_that_is_not_allowed_has_the_feature_off(
    accounts: str, account: str | None, expected: Stage | None
) -> None:
    assert stage(f"{{stage: production, allowed_accounts: {accounts}}}", account=account) is expected


@pytest.mark.parametrize(
    ("entry", "expected", "unread"),
    [
        ("{stage: production, symbol_stages: {BTC: shadow}}", SHADOW, LIVE),
        ("{stage: shadow, symbol_stages: {BTC: canary}}", CANARY, SHADOW),
        ("{stage: shadow, symbol_stages: {ETH: canary}}", SHADOW, SHADOW),
        ("{stage: canary, canary_symbols: [ETH], symbol_stages: {BTC: canary}}", CANARY, OFF),
        ("{stage: canary, canary_symbols: [BTC], symbol_stages: {BTC: off}}", OFF, CANARY),
        ("{stage: canary, canary_percentage: 0, symbol_stages: {BTC: canary}}", CANARY, OFF),
        ("{stage: shadow, symbol_stages: }", SHADOW, SHADOW),
        ("{stage: shadow, symbol_stages: {}}", SHADOW, SHADOW),
        ("{stage: shadow, symbol_stages: [BTC]}", UNKNOWN, UNKNOWN),
        ("{stage: shadow, symbol_stages: {BTC: Canary}}", UNKNOWN, UNKNOWN),
        ('{stage: shadow, allowed_accounts: ["3"], symbol_stages: {BTC: canary}}', OFF, OFF),
        ("{stage: shadow, enabled: false, symbol_stages: {BTC: canary}}", OFF, OFF),
    ],
)
def test_stages_by_symbol_count_where_the_engine_reads_them(
    entry: str, expected: Stage | None, unread: Stage | None
) -> None:
    assert (stage(entry), stage(entry, dialect=PLAIN)) == (expected, unread)


def test_an_unknown_feature_is_off() -> None:
    assert effective_stage(flags_of("{stage: production}"), "other", "BTC", "2", PAPER) is OFF


def test_a_file_without_features_has_every_one_off() -> None:
    assert effective_stage(parse_flags(b"", "flags.yaml"), "guard", "BTC", "2", PAPER) is OFF


def test_of_a_stage_that_stands_twice_the_last_counts() -> None:
    assert stage("{stage: production, stage: shadow}") is SHADOW


@pytest.mark.parametrize(
    ("lists", "expected"),
    [
        ("canary_symbols: [B, A], allowed_symbols: [A, B]", ("B", "A")),
        ("allowed_symbols: [A]", ("A",)),
        ("canary_symbols: []", ()),
        ("owner: x", ()),
        ("canary_symbols: [B], allowed_symbols: [A, B]", None),
    ],
)
def test_the_list_of_a_canary_is_known_where_its_names_agree(
    lists: str, expected: tuple[str, ...] | None
) -> None:
    guard = feature_named(flags_of(f"{{stage: canary, {lists}}}"), "guard")
    assert guard is not None
    assert symbols_listed(guard, PAPER) == expected


def test_a_stage_has_a_number_a_word_and_a_letter() -> None:
    assert [(each.value, each.word, each.letter) for each in Stage] == [
        (0, "disabled", "D"),
        (1, "shadow", "S"),
        (2, "canary", "C"),
        (3, "production", "P"),
    ]


def test_of_two_features_of_one_name_the_last_counts() -> None:
    flags = parse_flags(b'features: {1: {stage: shadow}, "1": {stage: production}}', "flags.yaml")
    assert effective_stage(flags, "1", "BTC", "2", PAPER) is LIVE


def test_a_file_means_the_same_whatever_its_comments() -> None:
    one, other = flags_of("{stage: shadow}"), flags_of("{stage: shadow}", "# hand-edited")
    assert one != other
    assert same_meaning(one, other)
    assert not same_meaning(one, flags_of("{stage: canary}"))


def test_a_file_with_a_percentage_that_is_no_number_means_what_it_means() -> None:
    entry = "{stage: shadow, canary_percentage: .nan}"
    assert same_meaning(flags_of(entry), flags_of(entry))


def test_sixty_features_by_five_thousand_symbols_are_a_rule_for_each_feature() -> None:
    symbols = [f"S{number:04}USDT" for number in range(5_000)]
    listed = tuple(symbols[::2])
    features = tuple(Feature(f"f{number}", True, "canary", listed, listed) for number in range(60))
    flags = Flags("flags.yaml", "", False, None, features)
    began = process_time()
    rules = stage_rules(flags, PAPER)
    assert process_time() - began < 0.5
    assert [rule.stage("S0000USDT", "2") for rule in rules.values()] == [CANARY] * 60
    assert sum(len(rule.exceptions) for rule in rules.values()) == 60 * len(listed)
