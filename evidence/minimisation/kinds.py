"""Kinds of content that no bundle may hold, and how each is recognised in a text.

A kind is recognised by its own unmistakable form: an identifier must not be refused because it looks odd. Hence no
national telephone numbers, no names without an address, and no random text that only might be a key. Prompts without
markup are recognised by being prose where an identifier belongs (`columns`).
"""

from __future__ import annotations

import ipaddress
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum


class Group(StrEnum):
    """What a kind is about; decides who may let it pass and what to do about it."""

    CONTENT = "content"
    SECRET = "secret"  # noqa: S105 - a word, not a password
    PERSONAL = "personal"


class Kind(StrEnum):
    """What was found, as a message names it."""

    MARKUP = "chat markup"
    BODY = "the body of a request or response"
    PROSE = "long text where an identifier belongs"
    UNLISTED = "a column that is not of the family"
    METADATA = "metadata of its own"
    FILE = "a file of an unknown sort"
    PRIVATE_KEY = "a private key"
    CLOUD_KEY = "a key of a cloud account"
    API_KEY = "an API key"
    TOKEN = "an access token"  # noqa: S105
    ASSIGNED = "a password or key that is assigned"
    SIGNED_ADDRESS = "an address with a password or signature in it"
    EMAIL = "an e-mail address"
    PHONE = "a telephone number"
    IBAN = "an account number (IBAN)"
    IP = "an IP address"
    USER = "the name of a user or session in an ARN"
    NO_TOKEN = "a personal value that is not a token"  # noqa: S105

    @property
    def group(self) -> Group:
        """Return whether this is content, a secret or personal."""
        order = list(Kind)
        if order.index(self) < order.index(Kind.PRIVATE_KEY):
            return Group.CONTENT
        return Group.SECRET if order.index(self) < order.index(Kind.EMAIL) else Group.PERSONAL


PERSONAL = frozenset(kind for kind in Kind if kind.group is Group.PERSONAL)


def _always(_found: str) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Form:
    """How a kind is written. `hint` matches wherever `exact` does, in the linear-time grammar of RE2; without case."""

    kind: Kind
    hint: str
    exact: re.Pattern[str]
    holds: Callable[[str], bool] = _always


MIN_ENTROPY_BITS = 3.2  # of a character: words and placeholders have less, keys more
_IBANS = (
    "AD24 AE23 AT20 BE16 BG22 CH21 CY28 CZ24 DE22 DK18 EE20 ES24 FI18 FR27 GB22 GR27 HR21 HU28 IE22 IL23 IS26 IT27 "
    "LI21 LT20 LU20 LV21 MC27 MT31 NL18 NO15 PL28 PT25 RO24 SA24 SE24 SI19 SK24 SM27 TR26 UA29 VA22"
)
_IBAN_LENGTHS = {entry[:2]: int(entry[2:]) for entry in _IBANS.split()}
_LETTERS_IN_IBAN = frozenset({"GB", "IE", "NL", "BG", "LV", "RO", "MT", "CY", "FR", "MC", "IT", "SM", "GR"})


def _is_iban(found: str) -> bool:
    """Return whether length and check digits are right for the country (ISO 13616; ISO 7064, MOD 97-10)."""
    text = found.replace(" ", "")
    country, rest = text[:2], text[4:]
    if _IBAN_LENGTHS.get(country) != len(text) or (country not in _LETTERS_IN_IBAN and not rest.isdigit()):
        return False
    return int("".join(str(int(c, 36)) for c in rest + text[:4])) % 97 == 1


def _is_host(found: str) -> bool:
    """Return whether a text is an IP address that is somebody's: not loopback, not unspecified."""
    try:
        address = ipaddress.ip_address(found)
    except ValueError:
        return False
    return not (address.is_loopback or address.is_unspecified or address.is_multicast)


def _is_random(found: str) -> bool:
    """Return whether the last word of a text is as irregular as a key: entropy, and letters of both cases or digits."""
    word = re.split(r"[\s:='\"]+", found.rstrip("'\" "))[-1]
    if word.startswith(("$", "sha256", "arn:", "token:")) or "/" in word[:2]:
        return False
    share = [n / len(word) for n in Counter(word).values()]
    sorts = sum(bool(re.search(sort, word)) for sort in ("[a-z]", "[A-Z]", "[0-9]"))
    return sorts > 1 and -sum(p * math.log2(p) for p in share) >= MIN_ENTROPY_BITS


def _is_person(found: str) -> bool:
    """Return whether an address is not that of a machine's own account."""
    return not found.lower().endswith(".gserviceaccount.com")


_ROLE = r'"role"\s*:\s*"(?:user|assistant|system|developer|tool)"'
_CONTENT = r'"(?:content|parts|text)"\s*:'
_ASSIGNED = (
    r"(?:secret|passw(?:or)?d|passphrase|api[_-]?key|access[_-]?key|auth[_-]?token|client[_-]?secret|credential)"
)

FORMS = (
    Form(
        Kind.MARKUP,
        r"<\||\[/?inst\]|<</?sys>>|human:|assistant:",
        re.compile(
            r"<\|(?:im_start|im_end|system|user|assistant|begin_of_text|end_of_text|endoftext|start_header_id|eot_id)\|>"
            r"|\[/?INST\]|<</?SYS>>|(?:\A|\n\s*)(?:Human|Assistant):\s.*\n\s*(?:Human|Assistant):",
            re.DOTALL,
        ),
    ),
    Form(
        Kind.BODY,
        r'"role"|"prompt"|"messages"|"completions?"|"inputtext"|anthropic_version',
        re.compile(
            rf'{_ROLE}\s*,\s*{_CONTENT}|{_CONTENT}[^{{}}]*{_ROLE}|"(?:prompt|completions?|inputText)"\s*:\s*"'
            r'|"messages"\s*:\s*\[\s*\{|"anthropic_version"',
        ),
    ),
    Form(Kind.PRIVATE_KEY, r"private key", re.compile(r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----")),
    Form(Kind.CLOUD_KEY, r"akia|asia", re.compile(r"(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z2-7]{16}(?![A-Za-z0-9])")),
    Form(
        Kind.API_KEY,
        r"sk-|gh[pousr]_|github_pat_|glpat-|xox[a-z]-|aiza|hf_|[rs]k_live_|sg\.",
        re.compile(
            r"(?<![A-Za-z0-9])(?:sk-(?:ant|proj|svcacct|or)-[\w-]{20,}|sk-(?=[A-Za-z]*[0-9])[A-Za-z0-9]{32,}"
            r"|gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{30,}|glpat-[\w-]{20,}|xox[abeoprs]-[A-Za-z0-9-]{10,}"
            r"|AIza[\w-]{35}|hf_[A-Za-z0-9]{30,}|[rs]k_live_[A-Za-z0-9]{20,}|SG\.[\w-]{16,}\.[\w-]{16,})",
            re.ASCII,
        ),
    ),
    Form(
        Kind.TOKEN,
        r"eyj|bearer|ya29\.",
        re.compile(
            r"(?<![\w-])eyJ[\w-]{6,}\.eyJ[\w-]{6,}\.[\w-]{10,}|\b[Bb]earer\s+[\w.~+/-]{20,}=*|ya29\.[\w-]{20,}",
            re.ASCII,
        ),
    ),
    Form(
        Kind.SIGNED_ADDRESS,
        r"://[^/@ ]*@|signature=|[?&]sig=",
        re.compile(
            r"(?<![a-z0-9+.-])[a-z][a-z0-9+.-]{0,30}://[^\s/:@]{1,200}:[^\s/@]{3,200}@|X-(?:Amz|Goog)-Signature=[0-9a-f]{16,}"
            r"|[?&](?:sig|Signature)=[A-Za-z0-9%+/_-]{20,}",
        ),
    ),
    Form(
        Kind.ASSIGNED,
        r"secret|passw|passphrase|api[_-]?key|access[_-]?key|auth[_-]?token|credential",
        re.compile(rf"{_ASSIGNED}[\"']?\s*[:=]\s*[\"']?[^\s\"',;<>]{{12,}}", re.IGNORECASE),
        _is_random,
    ),
    Form(
        Kind.EMAIL,
        r"@|%40",
        re.compile(
            r"[^\s@<>()\[\]\",:;\\/|=&?']{1,64}(?:@|%40)[^\s@<>()\[\]\",:;\\/|=&?']{1,190}?\.[^\W\d_]{2,24}(?![\w.-]*\w)"
        ),
        _is_person,
    ),
    Form(Kind.PHONE, r"\+[1-9]", re.compile(r"(?<![\w+.)/-])\+[1-9](?:[ ().-]{0,2}[0-9]){7,14}(?!\w)")),
    Form(
        Kind.IBAN,
        rf"(?-i:(?:{'|'.join(_IBAN_LENGTHS)})[0-9]{{2}} ?[A-Z0-9]{{4}} ?[A-Z0-9]{{4}} ?[A-Z0-9]{{2}})",
        re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![A-Za-z0-9])"),
        _is_iban,
    ),
    Form(
        Kind.IP,
        r"[0-9]\.[0-9]+\.[0-9]+\.[0-9]|::|(?:[0-9a-f]*:){7}",
        re.compile(
            r"(?<![\w.-])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![\w-]|\.[0-9]|/[0-9])"
            r"|(?<![\w:.-])[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*(?![\w:/-])",
            re.ASCII,
        ),
        _is_host,
    ),
    Form(
        Kind.USER,
        r":(?:user|assumed-role|federated-user)/",
        re.compile(r"arn:aws[a-z-]*:(?:iam|sts)::[0-9]*:(?:user|assumed-role|federated-user)/[^\s\"',;<>]+"),
    ),
)
HINTS = f"(?i){'|'.join(form.hint for form in FORMS)}"


def recognise(text: str) -> Iterator[tuple[Kind, str]]:
    """Yield everything a text holds that must not be sealed, with the words that show it."""
    for form in FORMS:
        for match in form.exact.finditer(text):
            if form.holds(match[0]):
                yield form.kind, match[0]
