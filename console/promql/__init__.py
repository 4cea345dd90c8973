"""The embedded evaluator: samples over time and the queries that panels and rules ask of them."""
