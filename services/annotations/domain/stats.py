"""A rater's own figures: days in a row, and how well gold was met."""

from __future__ import annotations

import math

_DAY_US = 86_400_000_000
# two-sided 95 % quantiles of Student's t for 1..30 degrees of freedom; beyond, the normal's 1.96 is near enough
_T95 = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
        2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042)  # fmt: skip


def day_of(now_us: int) -> int:
    """The UTC day of a time, counted since 1970."""
    return now_us // _DAY_US


def advance_days(last_day: int, today: int, streak: int, day: int) -> tuple[int, int, int]:
    """(last_day, answers on it, streak of days) after one more answer on `day`. A clock that steps back counts as the same day."""
    if day <= last_day:
        return last_day, today + 1, max(streak, 1)
    return day, 1, streak + 1 if day == last_day + 1 else 1


def current_days(last_day: int, today: int, streak: int, day: int) -> tuple[int, int]:
    """(answers today, streak) as seen on `day`: yesterday's streak still stands, an older one is over."""
    if day <= last_day:
        return today, streak
    return 0, streak if day == last_day + 1 else 0


def gold_interval(n: int, total: float, squares: float) -> dict[str, float] | None:
    """Mean Dice on gold with its 95 % interval (Student's t, cut to 0..1); None without gold; 0..1 for a single answer."""
    if n == 0:
        return None
    mean = total / n
    if n == 1:
        return {"mean": mean, "low": 0.0, "high": 1.0}
    variance = max(0.0, (squares - total * total / n) / (n - 1))
    half = (_T95[n - 2] if n - 2 < len(_T95) else 1.96) * math.sqrt(variance / n)
    return {"mean": mean, "low": max(0.0, mean - half), "high": min(1.0, mean + half)}
