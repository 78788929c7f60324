"""What `notify` in `audit.yaml` may say, where its secrets stay, and what of it a bundle says: nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evidence.errors import BadInput
from flows.audit_file import AuditFile, audit_file_schema, load_audit_file
from infra.notify.channels import discover
from infra.notify.channels.slack import Slack
from infra.notify.channels.webhook import Webhook

HEAD = """\
probity: audit/v1
sources: [{kind: files, path: evidence}]
signer: {kind: local, keys: keys/private}
store: {kind: folder, path: bundles}
notify:
"""
CHANNELS = """\
  channels:
    - {kind: smtp, name: mail, host: "${MAIL_HOST}", from: a@acme.example, to: [b@c.example], user: a, password: "${P}"}
    - {kind: slack, name: chat, url: "${SLACK}", digest: 4h}
    - {kind: pagerduty, name: pager, routing_key: "${PAGER}"}
"""


def load(folder: Path, notify: str, **variables: str) -> tuple[AuditFile, dict[str, object]]:
    (folder / "audit.yaml").write_text(HEAD + notify)
    return load_audit_file(folder / "audit.yaml", {"MAIL_HOST": "mail.acme.example", **variables}.get)


def test_audits_need_no_secret_of_a_channel_and_see_none(tmp_path: Path) -> None:
    loaded, _ = load(tmp_path, CHANNELS, SLACK="https://hooks.slack.com/services/x")
    assert loaded.notify is not None
    mail, chat, _ = loaded.notify.channels
    assert isinstance(chat, Slack)
    assert (chat.url, mail.model_dump()["host"]) == ("${SLACK}", "mail.acme.example")


def test_channels_that_are_not_named_otherwise_hear_everything(tmp_path: Path) -> None:
    loaded, _ = load(tmp_path, CHANNELS + "  alerts: [chat]\n")
    assert loaded.notify is not None
    assert loaded.notify.told_of_alerts() == ("chat",)
    assert loaded.notify.reminding().audiences == (("chat",),)
    assert loaded.notify.told_of_failures() == ("mail", "chat", "pager")


def test_nothing_of_it_is_published(tmp_path: Path) -> None:
    _, published = load(tmp_path, CHANNELS)
    assert "notify" not in published
    assert "acme.example" not in json.dumps(published)


@pytest.mark.parametrize(
    ("notify", "why"),
    [
        ("  channels: [{kind: slack, name: chat, url: 'https://hooks.slack.com/services/T/B/x'}]\n", "a secret stands"),
        ("  channels: [{kind: pagerduty, name: p, routing_key: abcdef}]\n", "a secret stands"),
        ("  channels: []\n", "at least one"),
        ("  channels: [{kind: pigeon, name: p}]\n", "pigeon"),
        ("  channels: [{kind: slack, name: chat, url: '${A}', digest: 4}]\n", "digest"),
        (CHANNELS + "  alerts: [phone]\n", "there is no channel 'phone'"),
        (CHANNELS + "  escalation: {audiences: [[mail], [boss]]}\n", "there is no channel 'boss'"),
        (CHANNELS + "    - {kind: slack, name: chat, url: '${B}'}\n", "same name"),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path: Path, notify: str, why: str) -> None:
    with pytest.raises(BadInput, match=why):
        load(tmp_path, notify)


def test_refusal_of_a_secret_does_not_repeat_it(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as refused:
        load(tmp_path, "  channels: [{kind: pagerduty, name: p, routing_key: 0123456789abcdef}]\n")
    assert "0123456789abcdef" not in str(refused.value)


def test_webhook_may_have_a_plain_address_or_one_in_a_variable(tmp_path: Path) -> None:
    for url in ("https://siem.acme.example/in", "${NOT_SET_HERE}"):
        loaded, _ = load(tmp_path, f"  channels: [{{kind: webhook, name: siem, url: '{url}', secret: '${{S}}'}}]\n")
        assert loaded.notify is not None
        assert isinstance(hook := loaded.notify.channels[0], Webhook)
        assert hook.url == url


def test_editors_know_every_channel() -> None:
    kinds = json.dumps(audit_file_schema())
    assert all(f'"const": "{kind}"' in kinds for kind in discover())
