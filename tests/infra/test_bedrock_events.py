"""Which Bedrock event is processing, where it ran and how it ended."""

import pytest

from infra.bedrock_events import NotAnEvent, event_of, event_source, is_plain_model

PLAIN = "anthropic.claude-3-sonnet-20240229-v1:0"
ARN = "arn:aws:bedrock:eu-central-1:111122223333:"


def record(model=PLAIN, extra=None, **changes):
    base = {
        "eventSource": "bedrock.amazonaws.com",
        "eventName": "Converse",
        "eventID": "e1",
        "eventTime": "2025-06-02T08:00:00Z",
        "awsRegion": "eu-central-1",
        "requestParameters": {"modelId": model},
        "additionalEventData": extra,
        "userIdentity": {"type": "AssumedRole", "arn": "arn:aws:sts::1:assumed-role/r/anna"},
        "requestID": "r1",
        "tlsDetails": {"tlsVersion": "TLSv1.3"},
    }
    return base | changes


def region_of(event):
    return event_of(event).region_code


def outcome_of(event):
    return event_of(event).outcome


@pytest.mark.parametrize(
    "model",
    [
        PLAIN,
        "amazon.nova-pro-v1:0:300k",
        "meta.llama3-1-70b-instruct-v1:0",
        f"arn:aws:bedrock:eu-central-1::foundation-model/{PLAIN}",
        f"{ARN}provisioned-model/abc",
        f"{ARN}custom-model-deployment/abc",
    ],
)
def test_a_plain_model_runs_where_it_was_called(model):
    assert region_of(record(model)) == "eu-central-1"


@pytest.mark.parametrize(
    "model",
    [
        *(f"{geography}.{PLAIN}" for geography in ("eu", "us", "us-gov", "global", "apac", "au", "jp", "ca", "mars")),
        f"{ARN}inference-profile/eu.{PLAIN}",
        f"{ARN}application-inference-profile/abc",
        f"{ARN}default-prompt-router/anthropic.claude:1",
        f"{ARN}prompt/ABC:1",
        f"arn:aws:bedrock:eu-central-1::foundation-model/eu.{PLAIN}",
        "arn:",
        "claude",
        "",
        None,
        7,
        {"id": PLAIN},
    ],
)
def test_behind_a_profile_or_an_unknown_name_the_region_is_unknown(model):
    assert not is_plain_model(model)
    assert region_of(record(model)) is None


@pytest.mark.parametrize("model", [PLAIN, f"global.{PLAIN}", None])
def test_the_region_the_event_states_comes_first(model):
    assert region_of(record(model, {"inferenceRegion": "us-east-2"})) == "us-east-2"


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("ThrottlingException", "throttled"),
        ("TooManyRequestsException", "throttled"),
        ("ServiceQuotaExceededException", "throttled"),
        ("AccessDenied", "denied"),
        ("AccessDeniedException", "denied"),
        ("Client.UnauthorizedOperation", "denied"),
        ("ValidationException", "denied"),
        ("ResourceNotFoundException", "denied"),
        ("InternalServerException", "error"),
        ("ModelErrorException", "error"),
        (42, "error"),
    ],
)
def test_error_codes_have_an_outcome(code, outcome):
    assert outcome_of(record(errorCode=code)) == outcome


@pytest.mark.parametrize("code", ["ThrottlingException", "AccessDenied", "ValidationException"])
def test_what_was_not_processed_was_processed_nowhere(code):
    assert region_of(record(errorCode=code)) is None


def test_an_error_of_the_model_happened_where_the_model_ran():
    assert region_of(record(errorCode="ModelErrorException")) == "eu-central-1"


def test_a_guardrail_that_stopped_the_call_blocked_it():
    stopped = record(extra={"amazon-bedrock-guardrailAction": "INTERVENED"})
    assert outcome_of(stopped) == "blocked"
    assert region_of(stopped) is None


def test_a_guardrail_that_stopped_the_answer_came_after_processing():
    late = record(extra={"amazon-bedrock-guardrailAction": "INTERVENED", "inputTokens": 9, "outputTokens": 40})
    assert outcome_of(late) == "ok"


def test_inference_states_what_a_processing_and_an_audit_row_need():
    event = event_of(record(extra={"inferenceRegion": "eu-west-3", "inputTokens": 411, "outputTokens": 92}))
    assert event._asdict() == {
        "event_id": "e1",
        "occurred_at": "2025-06-02T08:00:00Z",
        "actor": "arn:aws:sts::1:assumed-role/r/anna",
        "actor_type": "AssumedRole",
        "action": "Converse",
        "resource": None,
        "request_id": "r1",
        "model": PLAIN,
        "source_region": "eu-central-1",
        "outcome": "ok",
        "processed": True,
        "region_code": "eu-west-3",
        "input_tokens": 411,
        "output_tokens": 92,
        "tls_version": "TLSv1.3",
    }


@pytest.mark.parametrize("name", ["PutAccountDataRetention", "DeleteModelInvocationLoggingConfiguration"])
def test_control_events_give_an_audit_row_only(name):
    assert not event_of(record(eventName=name)).processed


def test_mantle_inference_names_its_model_differently():
    mantle = record(eventSource="bedrock-mantle.amazonaws.com", eventName="CreateInference")
    mantle["requestParameters"] = {"model": "anthropic.claude-opus-4-7", "stream": True}
    assert event_of(mantle).model == "anthropic.claude-opus-4-7"
    assert region_of(mantle) == "eu-central-1"


def test_what_an_agent_did_is_processing_somewhere_unknown():
    event = event_of(record(None, eventName="InvokeAgent"))
    assert (event.processed, event.region_code) == (True, None)


def test_a_model_given_as_an_arn_is_also_the_resource():
    assert event_of(record(f"{ARN}provisioned-model/abc")).resource == f"{ARN}provisioned-model/abc"


def test_a_service_without_an_arn_is_still_an_actor():
    service = record(userIdentity={"type": "AWSService", "invokedBy": "bedrock.amazonaws.com"})
    assert event_of(service).actor == "bedrock.amazonaws.com"


@pytest.mark.parametrize("part", ["requestParameters", "additionalEventData", "userIdentity", "tlsDetails"])
@pytest.mark.parametrize("value", [None, "text", [], 7])
def test_a_part_that_is_no_object_says_nothing(part, value):
    assert event_of(record(**{part: value})).event_id == "e1"


@pytest.mark.parametrize("changes", [{"eventID": None}, {"eventID": 7}, {"eventID": ""}, {"eventName": None}])
def test_a_bedrock_record_needs_an_id_and_a_name(changes):
    with pytest.raises(NotAnEvent):
        event_of(record(**changes))


@pytest.mark.parametrize("value", [None, [], "x", 7, {}, {"eventSource": 7}])
def test_what_has_no_event_source_is_no_record(value):
    with pytest.raises(NotAnEvent):
        event_source(value)
