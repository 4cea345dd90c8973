"""The flags file that a new state folder starts with.

It is a constant, so that a wheel carries it too; `configs/feature_flags_futures.yaml` holds the same text and
a test keeps them equal.
"""

TEMPLATE = """\
# Feature flags of the futures engine.
# Read when the engine starts and again whenever this file changes. Stages, from safe to risky:
#   disabled    off
#   shadow      runs and logs, does not trade
#   canary      trades for the listed symbols only
#   production  trades everywhere

global_kill_switch: false   # true switches every feature off and trips the kill switch
environment: development

features:

  # ---- risk -------------------------------------------------------------
  unified_risk_guard:
    enabled: true           # false is the quick rollback, whatever the stage
    stage: production       # the strategy opens positions only where this is canary or above

  # ---- execution --------------------------------------------------------
  l3_execution:
    enabled: true
    stage: canary
    canary_symbols:
      - BTCUSDT             # most liquid, well understood
      - ETHUSDT
    allowed_symbols: [BTCUSDT, ETHUSDT]

  # ---- funding ----------------------------------------------------------
  funding_forecast:
    enabled: true
    stage: shadow
    shadow_log_results: true

  # ---- coin account -----------------------------------------------------
  smart_exits:
    enabled: true
    stage: canary
    canary_symbols: [BTC/USD]
    allowed_accounts: ["3"] # the coin account
"""
