"""The responder of the Noise handshake that ESPHome's native API uses, and the ciphers it yields.

The pattern is NNpsk0 of "The Noise Protocol Framework", revision 34 (noiseprotocol.org), with
Curve25519, ChaCha20-Poly1305 and SHA-256: one message in each direction, both under a shared key.
"""

from __future__ import annotations

import hashlib
import hmac

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from satellite.errors import WireError

NAME = "Noise_NNpsk0_25519_ChaChaPoly_SHA256"
"""The protocol's name, which is hashed into every key, and announced."""

KEY = 32
"""Bytes of the shared key, of a public key and of a hash."""

TAG = 16
"""Bytes by which encryption lengthens a message."""

_LAST_NONCE = 2**64 - 2
"""The specification reserves the nonce after it."""


class HandshakeFailed(WireError):
    """The other side has another key, or does not speak Noise."""

    code = "handshake-failed"


class Cipher:
    """One direction of a connection: encrypts or decrypts its messages in their order."""

    def __init__(self, key: bytes) -> None:
        self._cipher = ChaCha20Poly1305(key)
        self._nonce = 0

    def encrypt(self, message: bytes, associated: bytes = b"") -> bytes:
        """Return the next message, encrypted."""
        return self._cipher.encrypt(self._next(), message, associated)

    def decrypt(self, message: bytes, associated: bytes = b"") -> bytes:
        """Return the next message, decrypted. Raises `HandshakeFailed` if it was not sent so."""
        try:
            return self._cipher.decrypt(self._next(), message, associated)
        except InvalidTag as error:
            raise HandshakeFailed("a message is not encrypted with the key") from error

    def _next(self) -> bytes:
        if self._nonce > _LAST_NONCE:
            raise HandshakeFailed("too many messages for one key")
        nonce, self._nonce = self._nonce, self._nonce + 1
        return bytes(4) + nonce.to_bytes(8, "little")


class _SymmetricState:
    """The hash, the chaining key and the cipher of a handshake (section 5.2 there)."""

    def __init__(self, prologue: bytes) -> None:
        self._hash = hashlib.sha256(NAME.encode()).digest()
        self._chaining_key = self._hash
        self._cipher: Cipher | None = None
        self.mix_hash(prologue)

    def mix_hash(self, data: bytes) -> None:
        self._hash = hashlib.sha256(self._hash + data).digest()

    def mix_key(self, material: bytes) -> None:
        self._chaining_key, key = _derive(self._chaining_key, material, 2)
        self._cipher = Cipher(key)

    def mix_key_and_hash(self, material: bytes) -> None:
        self._chaining_key, mixed, key = _derive(self._chaining_key, material, 3)
        self.mix_hash(mixed)
        self._cipher = Cipher(key)

    def encrypt(self, message: bytes) -> bytes:
        assert self._cipher is not None
        encrypted = self._cipher.encrypt(message, self._hash)
        self.mix_hash(encrypted)
        return encrypted

    def decrypt(self, message: bytes) -> bytes:
        assert self._cipher is not None
        decrypted = self._cipher.decrypt(message, self._hash)
        self.mix_hash(message)
        return decrypted

    def split(self) -> tuple[bytes, bytes]:
        first, second = _derive(self._chaining_key, b"", 2)
        return first, second


def respond(prologue: bytes, key: bytes, request: bytes) -> tuple[bytes, Cipher, Cipher]:
    """Answer the first message of a handshake.

    Return the second message, the cipher of what the other side sends, and that of what we send.
    Raises `HandshakeFailed`: it has another key, or the message is malformed.
    """
    if len(request) < KEY + TAG:
        raise HandshakeFailed("the handshake is too short")
    state = _SymmetricState(prologue)
    state.mix_key_and_hash(key)
    theirs, payload = request[:KEY], request[KEY:]
    state.mix_hash(theirs)
    state.mix_key(theirs)
    state.decrypt(payload)
    ours = X25519PrivateKey.generate()
    public = ours.public_key().public_bytes_raw()
    state.mix_hash(public)
    state.mix_key(public)
    try:
        shared = ours.exchange(X25519PublicKey.from_public_bytes(theirs))
    except ValueError as error:  # a point of small order, with which nothing is secret
        raise HandshakeFailed("the handshake has an unsafe public key") from error
    state.mix_key(shared)
    reply = public + state.encrypt(b"")
    received, sent = state.split()
    return reply, Cipher(received), Cipher(sent)


def _derive(chaining_key: bytes, material: bytes, outputs: int) -> tuple[bytes, ...]:
    """HKDF of section 4.3 there."""
    secret = hmac.digest(chaining_key, material, "sha256")
    derived, previous = [], b""
    for number in range(1, outputs + 1):
        previous = hmac.digest(secret, previous + bytes([number]), "sha256")
        derived.append(previous)
    return tuple(derived)
