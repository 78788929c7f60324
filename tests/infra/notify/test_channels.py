"""What each service receives, over real connections on loopback, and what its answers mean."""

from __future__ import annotations

import base64
import json
import subprocess
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from evidence.errors import Deferred, NotDelivered, Rejected
from evidence.model import Severity
from infra.notify.channel import Channel, Receipt, Sending
from infra.notify.channels import discover
from infra.notify.channels.pagerduty import PagerDuty
from infra.notify.channels.slack import Slack
from infra.notify.channels.sns import Topic
from infra.notify.channels.teams import Teams
from infra.notify.channels.webhook import Webhook
from infra.notify.message import Attachment, Kind, Message
from infra.notify.post import MAX_ANSWER
from tests.infra.notify.post_office import NOW, Office, message, notice
from tests.infra.notify.services import Answer, Service, serving

pytestmark = pytest.mark.server
KEY = bytes(range(32))
TOLD = message(
    text="Clock gdpr-33 of case-0001 is due in 36 h. <b>&",
    link="https://probity.acme.example/cases/1",
    severity=Severity.CRITICAL,
)


def send(channel: Channel, told: Message = TOLD, attempt: int = 1, **variables: str) -> Receipt:
    return channel.send(Sending(told, attempt, NOW, variables.get))


def webhook(service: Service, **settings: Any) -> Webhook:
    return Webhook.model_validate({"name": "hook", "url": service.address + "/in", "secret": "${HOOK}", **settings})


def whsec(key: bytes = KEY) -> str:
    return f"whsec_{base64.b64encode(key).decode()}"


def signed_by_openssl(key: bytes, data: bytes) -> str:
    """The signature as another program computes it."""
    words = ["openssl", "dgst", "-sha256", "-mac", "HMAC", "-macopt", f"hexkey:{key.hex()}", "-binary"]
    made = subprocess.run(words, input=data, capture_output=True, check=True)
    return f"v1,{base64.b64encode(made.stdout).decode()}"


def test_webhook_is_signed_as_another_program_computes_it() -> None:
    with serving() as service:
        receipt = send(webhook(service), HOOK=whsec())
    asked = service.asked[0]
    identity, stamp = asked.headers["webhook-id"], asked.headers["webhook-timestamp"]
    assert (identity, stamp) == (TOLD.id, str(int(NOW.timestamp())))
    assert asked.headers["webhook-signature"] == signed_by_openssl(KEY, f"{identity}.{stamp}.".encode() + asked.body)
    assert receipt.reference == TOLD.id


def test_webhook_says_what_it_is_about() -> None:
    with serving() as service:
        send(webhook(service), HOOK=whsec())
    said = service.asked[0].json()
    assert (said["type"], said["timestamp"]) == ("probity.alert", "2026-03-01T12:00:00Z")
    assert said["data"] == {
        "id": TOLD.id,
        "incident": "case-1",
        "severity": "critical",
        "subject": "subject of k",
        "text": TOLD.text,
        "link": TOLD.link,
    }


def test_webhook_signs_with_both_secrets_while_one_is_replaced() -> None:
    other = bytes(range(24))
    with serving() as service:
        send(webhook(service, previous="${OLD}"), HOOK=whsec(), OLD=whsec(other))
    asked = service.asked[0]
    signed = f"{asked.headers['webhook-id']}.{asked.headers['webhook-timestamp']}.".encode() + asked.body
    assert asked.headers["webhook-signature"].split() == [signed_by_openssl(key, signed) for key in (KEY, other)]


@pytest.mark.parametrize("secret", ["whsec_short", "whsec_" + base64.b64encode(bytes(23)).decode(), "no-prefix" * 9])
def test_secret_that_is_none_of_standard_webhooks_is_refused_and_not_repeated(secret: str) -> None:
    with serving() as service, pytest.raises(Rejected, match="whsec_ and the base64") as refused:
        send(webhook(service), HOOK=secret)
    assert secret not in str(refused.value)
    assert service.asked == []


def test_slack_gets_blocks_in_which_nothing_is_markup() -> None:
    with serving(lambda _: Answer(body=b"ok")) as service:
        url = f"{service.address}/services/T0/B0/xoxsecret"
        receipt = send(Slack(name="chat", url="${URL}", hosts=("127.0.0.1",)), URL=url)
    said = service.asked[0].json()
    kinds = [element["text"]["type"] for element in said["blocks"] if "text" in element]
    assert (receipt.detail, service.asked[0].path, set(kinds)) == ("ok", "/services/T0/B0/xoxsecret", {"plain_text"})
    assert said["blocks"][1]["text"]["text"] == TOLD.text
    assert said["blocks"][2]["elements"][0]["url"] == TOLD.link


def test_teams_gets_an_adaptive_card() -> None:
    with serving(lambda _: Answer(202)) as service:
        url = f"{service.address}/workflows/1/triggers/manual/paths/invoke?sig=s3cret"
        send(Teams(name="teams", url="${URL}", hosts=("127.0.0.1",)), URL=url)
    said = service.asked[0].json()
    attached = said["attachments"][0]
    content = attached["content"]
    assert (said["type"], attached["contentType"]) == ("message", "application/vnd.microsoft.card.adaptive")
    assert (content["type"], content["version"]) == ("AdaptiveCard", "1.4")
    assert {part["type"] for part in content["body"]} == {"RichTextBlock"}
    assert content["body"][1]["inlines"][0]["text"] == TOLD.text
    assert content["actions"] == [{"type": "Action.OpenUrl", "title": "Open", "url": TOLD.link}]


def test_pagerduty_joins_by_incident_and_resolves_it() -> None:
    taken = Answer(202, {"status": "success", "dedup_key": "case-1", "message": "Event processed"})
    with serving(lambda _: taken) as service:
        pager = PagerDuty(name="pager", routing_key="${KEY}", endpoint=service.address)
        for kind in (Kind.ALERT, Kind.REMINDER, Kind.ACKNOWLEDGE, Kind.RESOLVE):
            send(pager, message(kind.value, kind=kind, link=TOLD.link), KEY="R" * 32)
    said = [asked.json() for asked in service.asked]
    assert [one["event_action"] for one in said] == ["trigger", "trigger", "acknowledge", "resolve"]
    assert {(one["dedup_key"], one["routing_key"]) for one in said} == {("case-1", "R" * 32)}
    assert (said[0]["payload"]["severity"], said[0]["links"][0]["href"]) == ("error", TOLD.link)
    assert "payload" not in said[3]
    assert service.asked[0].path == "/v2/enqueue"


@mock_aws
@pytest.mark.parametrize("fifo", [False, True])
def test_sns_publishes_the_message_with_attributes(fifo: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    sns = boto3.client("sns", region_name="eu-central-1")
    sqs = boto3.client("sqs", region_name="eu-central-1")
    more: dict[str, Any] = {"Attributes": {"FifoTopic": "true"}} if fifo else {}
    queued: dict[str, Any] = {"Attributes": {"FifoQueue": "true"}} if fifo else {}
    suffix = ".fifo" if fifo else ""
    topic = sns.create_topic(Name=f"alerts{suffix}", **more)["TopicArn"]
    queue = sqs.create_queue(QueueName=f"q{suffix}", **queued)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    receipt = send(Topic(name="sns", topic=topic))
    envelope = json.loads(sqs.receive_message(QueueUrl=queue)["Messages"][0]["Body"])
    assert json.loads(envelope["Message"])["data"]["id"] == TOLD.id
    assert (envelope["MessageAttributes"]["severity"]["Value"], envelope["MessageId"]) == (
        "critical",
        receipt.reference,
    )


@mock_aws
def test_sns_topic_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with pytest.raises(Rejected, match="NotFound"):
        send(Topic(name="sns", topic="arn:aws:sns:eu-central-1:123456789012:gone"))


def test_sns_that_does_not_answer_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    topic = Topic(name="sns", topic="arn:aws:sns:eu-central-1:123456789012:t", endpoint="http://127.0.0.1:9")
    with pytest.raises(Deferred, match="connection failed"):
        send(topic)


@pytest.mark.parametrize(
    ("status", "failure"),
    [(429, Deferred), (500, Deferred), (503, Deferred), (599, Deferred), (400, Rejected), (401, Rejected),
     (404, Rejected), (410, Rejected), (302, Rejected)],
)  # fmt: skip
def test_status_decides_whether_it_is_tried_again(status: int, failure: type[NotDelivered]) -> None:
    away = Answer(status, headers={"location": "http://127.0.0.1:9/", "retry-after": "120"})
    with serving(lambda _: away) as service, pytest.raises(failure, match=str(status)) as failed:
        send(webhook(service), HOOK=whsec())
    assert len(service.asked) == 1
    assert getattr(failed.value, "wait", 120.0) == 120.0


def test_no_failure_and_no_receipt_repeats_the_address_of_a_chat(tmp_path: Path) -> None:
    with serving(lambda _: Answer(403, b"invalid_token xoxsecret")) as service:
        office = Office(
            tmp_path,
            Slack(name="desk", url="${URL}", hosts=("127.0.0.1",)),
            variable={"URL": f"{service.address}/services/xoxsecret"}.get,
        )
        office.put(message())
        office.tick()
    assert "answered 403" in office.outbox.entries()[0].problem
    assert b"xoxsecret" not in office.outbox.file.path.read_bytes()


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("https://hooks.slack.example/services/x", "not a host of this service"),
        ("http://hooks.slack.com/services/x", "over https only"),
        ("https://user:word@hooks.slack.com/x", "no user and password"),
        ("https://hooks.slack.com.evil.example/x", "not a host of this service"),
        ("https://[broken", "cannot be read"),
    ],
)
def test_address_that_leads_elsewhere_is_refused_before_anything_is_sent(url: str, why: str) -> None:
    with pytest.raises(Rejected, match=why) as refused:
        send(Slack(name="chat", url="${URL}"), URL=url)
    assert "/x" not in str(refused.value)


def test_teams_takes_hosts_below_microsofts_and_not_beside_them() -> None:
    with pytest.raises(Rejected, match="not a host"):
        send(Teams(name="teams", url="${URL}"), URL="https://evil-logic.azure.com/x")


def test_receiver_that_says_too_much_has_taken_the_message() -> None:
    with serving(lambda _: Answer(body=b"x" * (MAX_ANSWER + 1))) as service:
        assert send(webhook(service), HOOK=whsec()).reference == TOLD.id


@pytest.mark.parametrize("name", sorted(set(discover()) - {"smtp", "webhook"}))
def test_chats_and_tickets_take_no_notices(name: str) -> None:
    assert not discover()[name].carries


def test_notice_to_a_chat_is_a_dead_letter(tmp_path: Path) -> None:
    with serving() as service:
        office = Office(tmp_path, PagerDuty(name="desk", routing_key="${KEY}", endpoint=service.address))
        office.put(notice())
        done = office.tick()
    assert "takes no notices" in next(iter(done.dead.values()))
    assert service.asked == []


def test_attachments_go_by_mail_only(tmp_path: Path) -> None:
    file = Attachment(name="a.txt", media_type="text/plain", content=b"x")
    with serving() as service:
        office = Office(tmp_path, webhook(service, name="desk"), variable=lambda _: whsec())
        office.put(notice(attachments=(file,)))
        assert "no attachments" in next(iter(office.tick().dead.values()))
