"""Figures for the operator."""

from prometheus_client import Counter, Histogram

DELAY = Histogram(
    "bramble_consensus_delay_seconds",
    "From the acceptance of a submission to the consensus that counts it.",
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 120),
)
VERSIONS = Counter(
    "bramble_consensus_versions_total",
    "Consensus versions by what made them: vote, raters, expert.",
    ["cause"],
)
ESTIMATE = Histogram(
    "bramble_consensus_estimate_seconds",
    "Estimating all raters of a project anew.",
    buckets=(0.1, 0.5, 1, 5, 15, 60, 300),
)
