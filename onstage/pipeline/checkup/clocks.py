"""Whether a server's clock agrees with ours."""

from onstage.pipeline.checkup.finding import Finding


SOME_SECONDS, MANY_SECONDS = 5.0, 60.0
RULE = f"less than {SOME_SECONDS:g} s apart"
REMEDY = "set both clocks by NTP: schedules, leases and heartbeats compare them"


def clock(name: str, ahead_seconds: float | None) -> list[Finding]:
    """Compare; nothing where the server does not tell its time.

    Parameters
    ----------
    ahead_seconds
        How far the server's clock is before ours; negative where it is behind.
    """
    if ahead_seconds is None:
        return []
    apart = abs(ahead_seconds)
    way = "ahead of" if ahead_seconds > 0 else "behind"
    if apart <= SOME_SECONDS:
        return [Finding.ok(f"{name} clock", "as ours", RULE)]
    value = f"{apart:.0f} s {way} ours"
    if apart <= MANY_SECONDS:
        return [Finding.warning(f"{name} clock", value, RULE, REMEDY)]
    return [Finding.failed(f"{name} clock", value, RULE, REMEDY)]
