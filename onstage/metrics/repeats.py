"""How much of what is shown, and of what is found, the user had before."""

from typing import Final

from onstage.metrics.metric import ASKED, EMPTY_LIST, MEAN_RANK, SHOWN, Metric


REPEAT_SHARE_METRIC: Final = Metric(
    key="repeat_share_at_10",
    name="share of hits that are repeats",
    family="lists",
    formula="over all events: hits that the user had before the event / hits",
    divisor="all hits of all events",
    gain="1 for a hit within depth 10",
    ties=MEAN_RANK,
    empty=f"{ASKED}; nan without any hit; group all only",
    span="0 to 1",
    better="neither",
    source="Anderson et al., WWW 2014 (repeat consumption)",
    average="ratio",
    beware="of hits; repeat_list_share_at_10 is of what was shown",
)

REPEAT_LIST_SHARE_METRIC: Final = Metric(
    key="repeat_list_share_at_10",
    name="share of shown items that are repeats",
    family="lists",
    formula="shown items that the user had before the event / shown items",
    divisor="items shown, also if fewer than 10",
    gain="1 for an item in a row of the visible history with time < t",
    ties=SHOWN,
    empty=EMPTY_LIST,
    span="0 to 1",
    better="neither",
    source="Anderson et al., WWW 2014 (repeat consumption)",
    beware="0 by construction where repeats are excluded, and on the masked protocol",
)
