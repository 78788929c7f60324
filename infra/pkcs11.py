"""Keys in a PKCS#11 token (HSM, smart card), named by a URI (RFC 7512)."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import load_der_public_key

from evidence import p256
from evidence.errors import BadInput, OutputFailed, Place, Problem

SCHEME = "pkcs11:"
_KNOWN = frozenset({"token", "object", "module-path", "pin-value", "pin-source"})


class Pkcs11Signer:
    """Signs with a P-256 key that stays in its token; the hash is made here, the token signs it (CKM_ECDSA)."""

    def __init__(self, module: str, token: str, label: str, pin: str | None, shown: str) -> None:
        """Open the token once to read the public key; a wrong PIN or label is noticed before anything is gathered."""
        self._module, self._token, self._label, self._pin, self._shown = module, token, label, pin, shown
        self._public_key: ec.EllipticCurvePublicKey = self._with_session(_public_key)

    @property
    def public_key(self) -> ec.EllipticCurvePublicKey:
        """Return the public half of the key."""
        return self._public_key

    def sign(self, message: bytes) -> bytes:
        """Return the low-s DER signature of SHA-256(message)."""
        digest = hashlib.sha256(message).digest()
        raw: bytes = self._with_session(lambda session, label: _sign(session, label, digest))
        half = len(raw) // 2
        return p256.low_s(encode_dss_signature(int.from_bytes(raw[:half]), int.from_bytes(raw[half:])))

    def _with_session(self, work: Any) -> Any:
        import pkcs11  # noqa: PLC0415 - an extra of its own, and native

        try:
            token = pkcs11.lib(self._module).get_token(token_label=self._token)
            with token.open(user_pin=self._pin) as session:
                return work(session, self._label)
        except (pkcs11.exceptions.PKCS11Error, RuntimeError, OSError) as cause:
            why = str(cause) or type(cause).__name__
            raise OutputFailed(f"{self._shown}: the token cannot be used ({why})") from cause


def open_key(uri: str) -> Pkcs11Signer:
    """Return the signer a URI names: `pkcs11:token=T;object=O?module-path=/path/to/module.so&pin-source=FILE`."""
    path, _, query = uri.removeprefix(SCHEME).partition("?")
    pairs = [part.partition("=") for part in [*path.split(";"), *query.split("&")] if part]
    fields = {key: unquote(value) for key, _, value in pairs}
    shown = SCHEME + path
    wanted = {"token", "object", "module-path"}
    if not wanted <= fields.keys() <= _KNOWN or len(fields) != len(pairs):
        hint = "pkcs11:token=T;object=O?module-path=/path/to/module.so&pin-source=FILE"
        raise BadInput(Problem("K012", "is not a PKCS#11 URI that names a key", Place(shown), hint))
    pin = fields.get("pin-value")
    if (source := fields.get("pin-source")) is not None:
        pin = _read_pin(Path(source), shown)
    return Pkcs11Signer(fields["module-path"], fields["token"], fields["object"], pin, shown)


def _read_pin(path: Path, shown: str) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as cause:
        raise BadInput(Problem("K012", f"the PIN cannot be read from {path.name}", Place(shown))) from cause


def _public_key(session: Any, label: str) -> ec.EllipticCurvePublicKey:
    from pkcs11 import KeyType, ObjectClass  # noqa: PLC0415 - an extra of its own
    from pkcs11.util.ec import encode_ec_public_key  # noqa: PLC0415

    held = session.get_key(object_class=ObjectClass.PUBLIC_KEY, key_type=KeyType.EC, label=label)
    key = load_der_public_key(encode_ec_public_key(held))
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise BadInput(Problem("K012", "is not a P-256 key", Place(f"{SCHEME}object={label}")))
    return key


def _sign(session: Any, label: str, digest: bytes) -> bytes:
    from pkcs11 import KeyType, Mechanism, ObjectClass  # noqa: PLC0415 - an extra of its own

    key = session.get_key(object_class=ObjectClass.PRIVATE_KEY, key_type=KeyType.EC, label=label)
    return bytes(key.sign(digest, mechanism=Mechanism.ECDSA))
