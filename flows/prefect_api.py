"""Questions to the Prefect server that Prefect's settings name, each answered within seconds."""

from http import HTTPStatus

from onstage.errors import OrchestrationError, TrackingError
from onstage.tracking.endpoint import masked
from onstage.tracking.greeting import Answer, ask, basic


def asked(path: str, question: object = None) -> Answer:
    """Ask the Prefect server, with the credentials of Prefect's settings.

    Raises
    ------
    OrchestrationError
        If it does not answer, does not take the credentials, or something else answers.
    """
    from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_KEY, PREFECT_API_URL

    url = str(PREFECT_API_URL.value())
    words, key = PREFECT_API_AUTH_STRING.value(), PREFECT_API_KEY.value()
    headers = {}
    if words is not None:
        user, _, password = str(words).partition(":")
        headers = basic(user, password)
    elif key is not None:
        headers["Authorization"] = f"Bearer {key}"
    try:
        answer = ask(url, path, question=question, headers=headers)
    except TrackingError as error:
        message = f"PREFECT_API_URL={masked(url)}: no Prefect server answers there ({error})"
        raise OrchestrationError(message) from error
    if answer.refused:
        raise OrchestrationError(refusal(url, answer.status, known=words is not None))
    if not _is_json(answer):
        message = (
            f"PREFECT_API_URL={masked(url)}: no answer of a Prefect server (HTTP {answer.status} "
            f"to {path}); give the address of its API, which ends in /api"
        )
        raise OrchestrationError(message)
    return answer


def _is_json(answer: Answer) -> bool:
    try:
        answer.json()
    except ValueError:
        return False
    return answer.status < HTTPStatus.BAD_REQUEST


def refusal(url: str, status: int, *, known: bool) -> str:
    """What a person is told whose credentials a Prefect server does not take.

    Parameters
    ----------
    known
        Whether credentials are set at all.
    """
    said = "does not take PREFECT_API_AUTH_STRING" if known else "wants a user and a password"
    return (
        f"PREFECT_API_URL={masked(url)}: the Prefect server {said} (HTTP {status}); set "
        "PREFECT_API_AUTH_STRING to the server's PREFECT_SERVER_API_AUTH_STRING, user:password"
    )
