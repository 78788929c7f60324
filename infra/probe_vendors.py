"""How probes speak to each vendor: what makes, reads and deletes a file, and what asks a model.

Sources: Anthropic API reference (Files, Messages); OpenAI API reference (Files, Responses).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infra.web.client import Request
from infra.web.listed import object_of

JSON = "application/json"
#: What an id may be: it becomes part of a path.
_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
ANSWER_TOKENS = 256


@dataclass(frozen=True, slots=True)
class Vendor:
    """One vendor's dialect. `form` are fields of an upload beside the file; `ask_path` is where a model is asked."""

    name: str
    host: str
    files: str
    ask_path: str
    form: tuple[tuple[str, str], ...] = ()

    def headers(self, secret: str) -> Mapping[str, str]:
        """Return the headers that authenticate, and those that the API demands."""
        if self.name == "openai":
            return {"authorization": f"Bearer {secret}"}
        return {"x-api-key": secret, "anthropic-version": "2023-06-01", "anthropic-beta": "files-api-2025-04-14"}

    def make(self, name: str, text: str) -> Request:
        """Return the upload of a text file."""
        boundary = f"{name}-part"
        parts = [f'Content-Disposition: form-data; name="{key}"\r\n\r\n{value}' for key, value in self.form]
        file = f'Content-Disposition: form-data; name="file"; filename="{name}.txt"\r\nContent-Type: text/plain'
        parts.append(f"{file}\r\n\r\n{text}")
        body = "".join(f"--{boundary}\r\n{part}\r\n" for part in parts) + f"--{boundary}--\r\n"
        media_type = f"multipart/form-data; boundary={boundary}"
        return Request(self.files, method="POST", body=body.encode(), media_type=media_type)

    def read(self, thing: str) -> Request:
        """Return the question for a file by its id."""
        return Request(f"{self.files}/{thing}")

    def delete(self, thing: str) -> Request:
        """Return the deletion of a file by its id."""
        return Request(f"{self.files}/{thing}", method="DELETE")

    def ask(self, model: str, text: str, *, store: bool = False) -> Request:
        """Return a question to a model."""
        asked: dict[str, Any] = {"model": model}
        if self.name == "openai":
            asked |= {"input": text, "store": store, "max_output_tokens": ANSWER_TOKENS}
        else:
            asked |= {"max_tokens": ANSWER_TOKENS, "messages": [{"role": "user", "content": text}]}
        return Request(self.ask_path, method="POST", body=json.dumps(asked).encode(), media_type=JSON)

    def said(self, answer: Any) -> str:
        """Return the text a model answered; `ValueError` for an answer without any."""
        stated = object_of(answer)
        if self.name == "openai":
            listed = stated.get("output")
            items = [one.get("content") for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
            parts = [part for item in items if isinstance(item, list) for part in item]
        else:
            found = stated.get("content")
            parts = found if isinstance(found, list) else []
        texts = [part["text"] for part in parts if isinstance(part, dict) and isinstance(part.get("text"), str)]
        if not texts:
            raise ValueError("an answer without any text")
        return "\n".join(texts)


VENDORS = {
    "anthropic": Vendor("anthropic", "api.anthropic.com", "/v1/files", "/v1/messages"),
    "openai": Vendor("openai", "api.openai.com", "/v1/files", "/v1/responses", (("purpose", "user_data"),)),
}


def id_of(answer: Any) -> str:
    """Return the id of what was made; `ValueError` for one that could be another path."""
    found = object_of(answer).get("id")
    if not isinstance(found, str) or not _ID.fullmatch(found):
        raise ValueError("an answer without an id")
    return found
