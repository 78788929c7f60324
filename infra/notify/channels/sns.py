"""`sns`: a topic of Amazon SNS. Identity is the standard chain's; a FIFO topic drops doubles within five minutes."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from evidence.errors import Deferred, Rejected, SourceError
from infra.notify.channel import Channel, Receipt, Sending
from infra.notify.message import Message, payload, text_digest
from infra.notify.post import as_json

MAX_SUBJECT = 100
PASSES = frozenset(
    {"Throttling", "ThrottlingException", "Throttled", "InternalError", "InternalFailure", "ServiceUnavailable",
     "KMSThrottling", "RequestTimeout", "RequestTimeoutException"}
)  # fmt: skip


class Topic(Channel):
    """A topic, by its ARN, which names the region."""

    kind: Literal["sns"] = "sns"
    topic: str = Field(pattern=r"^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}(\.fifo)?$")
    endpoint: str | None = Field(default=None, pattern=r"^https?://[^\s]+$", description="instead of AWS's own")

    def send(self, sending: Sending) -> Receipt:
        """Publish the message as JSON, with kind, severity, incident and id as attributes for filters."""
        from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError  # noqa: PLC0415 - slow to import

        from infra.aws import aws_client  # noqa: PLC0415

        try:
            client = aws_client("sns", self.topic.split(":")[3], self.endpoint, attempts=1, read_seconds=20)
            told = client.publish(TopicArn=self.topic, **publication(sending.message, self.topic.endswith(".fifo")))
        except NoCredentialsError:
            raise Rejected("sns: there are no credentials for AWS where messages are delivered") from None
        except ClientError as refused:
            code = str(refused.response.get("Error", {}).get("Code", "unknown"))
            status = refused.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400)
            failure = Deferred if code in PASSES or status >= 500 else Rejected
            raise failure(f"sns: answered {code}") from None
        except BotoCoreError as cause:
            raise Deferred(f"sns: the connection failed ({type(cause).__name__})") from None
        except SourceError as cause:
            raise Rejected(str(cause)) from None
        return Receipt(str(told.get("MessageId", "")))


def publication(message: Message, fifo: bool) -> dict[str, Any]:
    """Return the arguments of Publish beside the topic."""
    named = {"kind": message.kind.value, "severity": message.severity.value, "incident": message.incident}
    attributes = {
        name: {"DataType": "String", "StringValue": value} for name, value in {**named, "id": message.id}.items()
    }
    subject = message.subject.encode("ascii", "replace").decode()[:MAX_SUBJECT].lstrip() or message.kind.value
    said = {"Subject": subject, "Message": as_json(payload(message)).decode(), "MessageAttributes": attributes}
    once = {"MessageGroupId": text_digest(message.incident), "MessageDeduplicationId": message.id} if fifo else {}
    return {**said, **once}


CHANNEL = Topic
