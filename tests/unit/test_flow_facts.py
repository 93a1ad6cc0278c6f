"""What is said of a flow run, where there is none."""

from tasks.lineage import say, whose


def test_without_a_flow_run_nothing_names_one() -> None:
    assert whose() == {}
    say(data="0123456789ab")  # to nobody
