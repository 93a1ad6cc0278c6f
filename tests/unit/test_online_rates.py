"""How often one client may ask."""

import pytest

from onstage.serving.online import rates as rates_module
from onstage.serving.online.limits import Limits
from onstage.serving.online.rates import Rates
from onstage.testing.online import Shelf, asking
from tests.unit.refusals import TOKEN, numbers, refused


class Hand:
    """A clock moved by hand."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_as_many_as_a_second_allows_may_come_at_once_and_then_one_an_interval() -> None:
    clock = Hand()
    rates = Rates(4, clock)
    assert [rates.wait("1.2.3.4") for _ in range(4)] == [0, 0, 0, 0]
    assert rates.wait("1.2.3.4") == pytest.approx(0.25)  # refused, and not counted
    assert rates.wait("1.2.3.4") == pytest.approx(0.25)
    clock.now += 0.25
    assert rates.wait("1.2.3.4") == 0
    assert rates.wait("1.2.3.4") == pytest.approx(0.25)
    clock.now += 3600
    assert [rates.wait("1.2.3.4") > 0 for _ in range(5)] == [False] * 4 + [True]  # not saved up


@pytest.mark.parametrize("rate", [3, 10, 33, 49])
def test_intervals_that_binary_numbers_only_come_near_cost_no_request(rate: int) -> None:
    clock = Hand()
    clock.now = 12_345.678
    rates = Rates(rate, clock)
    for _ in range(3):
        assert [rates.wait("a") > 0 for _ in range(rate + 1)] == [False] * rate + [True]
        clock.now += 1


def test_less_than_one_a_second_is_one_and_a_wait() -> None:
    clock = Hand()
    rates = Rates(0.5, clock)
    assert rates.wait("a") == 0
    assert rates.wait("a") == pytest.approx(2)
    clock.now += 2
    assert rates.wait("a") == 0


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("1.2.3.4", "1.2.3.5", False),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),  # a subscriber has all of a /64
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:1.2.3.4", "1.2.3.4", True),
        ("fe80::1%eth0", "fe80::1", True),
        ("testclient", "testclient", True),
    ],
)
def test_who_counts_as_one_client(one: str, other: str, same: bool) -> None:
    rates = Rates(1, Hand())
    assert rates.wait(one) == 0
    assert (rates.wait(other) > 0) == same


def test_who_asked_longest_ago_is_forgotten_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates_module, "MOST_CLIENTS", 2)
    clock = Hand()
    rates = Rates(0.1, clock)
    assert [rates.wait(name) for name in ("a", "b", "c")] == [0, 0, 0]
    assert rates.wait("b") > 0
    assert rates.wait("a") == 0


def test_too_many_requests_are_refused_with_the_time_to_come_again_but_health_answers() -> None:
    with asking(Shelf(v1=numbers()), limits=Limits(rate=0.01)) as client:
        assert client.post("/recommend", json={"users": [1]}).status_code == 200
        late = client.post("/recommend", json={"users": [1]})
        refused(late, 429, "at most 0.01 requests a second; ask again in ")
        assert 90 < int(late.headers["retry-after"]) <= 100
        assert [client.get("/health").status_code for _ in range(5)] == [200] * 5


def test_whoever_guesses_tokens_is_slowed_down_too() -> None:
    guess = {"authorization": f"Bearer {TOKEN}x"}
    with asking(Shelf(v1=numbers()), limits=Limits(rate=0.01), token=TOKEN) as client:
        refused(client.get("/users", headers=guess), 401, "Authorization must say")
        refused(client.get("/users", headers=guess), 429, "ask again in")
