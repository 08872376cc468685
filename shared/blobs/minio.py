"""MinIO or any other S3 behind the blob port, by minio-py 7.2.

    s3://[KEY:SECRET@]host:port/bucket[/prefix]?secure=true&region=eu-central-1

| parameter | meaning |
|---|---|
| `secure` | `true` (default): TLS |
| `region` | default `us-east-1`, which MinIO takes; naming it saves a request at start |
| `ca` | PEM file of whom to trust, for a store with a certificate of its own |
| `key_file`, `secret_file` | files with the credentials (a mounted secret), instead of writing them into the URL |

The bucket is made on first use when it is missing. A write is whole or absent: S3 shows an object only when
all of it is there.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, cast
from urllib.parse import parse_qsl, unquote, urlsplit

from shared.blobs.abstract import BlobInfo, BlobStore, check_key, sha256_hex
from shared.errors import InvalidInput, NotFound, StorageFull, Unavailable

_DEFAULT = "application/octet-stream"
_PART = 16 << 20  # of a multipart upload of unknown length; bounds the memory of one upload
_SHA = "x-amz-meta-sha256"
_PARAMETERS = frozenset(("secure", "region", "ca", "key_file", "secret_file"))
_MISSING = frozenset(("NoSuchKey", "NoSuchBucket", "NoSuchObject", "NoSuchVersion"))
_FULL = frozenset(("XMinioStorageFull", "StorageFull", "QuotaExceeded", "XMinioAdminBucketQuotaExceeded"))
_REFUSED = frozenset(("AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch"))


@dataclass(frozen=True, slots=True)
class S3Address:
    """What an `s3://` URL says."""

    endpoint: str
    bucket: str
    prefix: str
    key: str
    secret: str = field(repr=False)
    secure: bool
    region: str
    ca: str

    @classmethod
    def parse(cls, url: str) -> S3Address:
        """Read the URL. Raises ValueError with a sentence for the operator who wrote it; never repeats the
        secret."""
        parts = urlsplit(url)
        given = dict(parse_qsl(parts.query, keep_blank_values=True))
        unknown = sorted(set(given) - _PARAMETERS)
        if unknown:
            known = ", ".join(sorted(_PARAMETERS))
            raise ValueError(f"BRAMBLE_BLOB_URL has an unknown parameter {unknown[0]!r}; there are: {known}")
        bucket, _, prefix = parts.path.strip("/").partition("/")
        if parts.scheme != "s3" or not parts.hostname or len(bucket) < 3:
            raise ValueError(
                "BRAMBLE_BLOB_URL must read s3://KEY:SECRET@host:port/bucket, with a bucket of 3 characters or more"
            )
        key, secret = unquote(parts.username or ""), unquote(parts.password or "")
        if "key_file" in given:
            key = Path(given["key_file"]).read_text().strip()
        if "secret_file" in given:
            secret = Path(given["secret_file"]).read_text().strip()
        if not key or not secret:
            raise ValueError("BRAMBLE_BLOB_URL gives no key and secret, nor key_file and secret_file")
        secure = given.get("secure", "true").lower() in ("1", "true", "yes")
        endpoint = f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname
        region = given.get("region") or "us-east-1"
        return cls(
            endpoint,
            bucket,
            prefix,
            key,
            secret,
            secure,
            region,
            given.get("ca", ""),
        )


class MinioBlobs(BlobStore):
    """See the module's docstring. Thread-safe; connects on first use."""

    def __init__(self, url: str) -> None:
        self.address = S3Address.parse(url)
        self._lock = threading.Lock()
        self._ready = False
        self._client: Any = None

    # --- connection

    def _connect(self) -> Any:
        with self._lock:
            if self._client is None:
                self._client = self._make(self.address.endpoint, self.address.secure)
            if not self._ready:
                with _translated("making the bucket"):
                    self._make_bucket()
                self._ready = True
            return self._client

    def _make(self, endpoint: str, secure: bool) -> Any:
        from minio import Minio

        from shared.blobs.pool import StorePool

        pool = StorePool(**({"ca_certs": self.address.ca} if self.address.ca else {}))
        return Minio(
            endpoint=endpoint,
            access_key=self.address.key,
            secret_key=self.address.secret,
            secure=secure,
            region=self.address.region,
            http_client=pool,
        )

    def _make_bucket(self) -> None:
        from minio.error import S3Error

        if self._client.bucket_exists(bucket_name=self.address.bucket):
            return
        try:
            self._client.make_bucket(bucket_name=self.address.bucket)
        except S3Error as error:
            # Another replica that starts at the same moment may have been quicker.
            if error.code not in ("BucketAlreadyOwnedByYou", "BucketAlreadyExists"):
                raise

    def _name(self, key: str) -> str:
        check_key(key)
        return f"{self.address.prefix}/{key}" if self.address.prefix else key

    def _at(self, key: str) -> dict[str, str]:
        return {"bucket_name": self.address.bucket, "object_name": self._name(key)}

    # --- the port

    def put(self, key: str, data: bytes | BinaryIO, *, media_type: str = _DEFAULT) -> BlobInfo:
        place = self._at(key)
        client = self._connect()
        if isinstance(data, (bytes, bytearray, memoryview)):
            content = bytes(data)
            digest = sha256_hex(content)
            with _translated(f"writing {key}"):
                client.put_object(
                    **place,
                    data=io.BytesIO(content),
                    length=len(content),
                    content_type=media_type,
                    metadata={"sha256": digest},
                )
            return BlobInfo(key, len(content), digest, media_type)
        stream = _Hashing(data)
        with _translated(f"writing {key}"):
            client.put_object(**place, data=stream, length=-1, part_size=_PART, content_type=media_type)
        return BlobInfo(key, stream.size, stream.digest.hexdigest(), media_type)

    def get(self, key: str, offset: int = 0, length: int | None = None) -> bytes:
        if offset < 0 or (length is not None and length < 0):
            raise _outside(key, offset, length)
        if length == 0:  # which minio-py would take for "to the end"
            info = self._require(key)
            if offset > info.size:
                raise _outside(key, offset, length)
            return b""
        try:
            with self._response(key, offset, length) as response:
                data = cast(bytes, response.read())
        except _InvalidRangeError:
            # S3 refuses a range that begins at the very end; the port calls that empty.
            if self._require(key).size == offset and length is None:
                return b""
            raise _outside(key, offset, length) from None
        if length is not None and len(data) != length:
            raise _outside(key, offset, length)
        return data

    @contextlib.contextmanager
    def open(self, key: str) -> Iterator[BinaryIO]:
        with self._response(key, 0, None) as response:
            yield cast(BinaryIO, io.BufferedReader(response, 1 << 18))

    def iter(
        self, key: str, chunk: int = 1 << 20, offset: int = 0, length: int | None = None
    ) -> Iterator[bytes]:
        info = self._require(key)
        end = info.size if length is None else min(info.size, offset + length)
        return self._iterate(key, chunk, offset, end)

    def _iterate(self, key: str, chunk: int, offset: int, end: int) -> Iterator[bytes]:
        if offset >= end:
            return
        with self._response(key, offset, end - offset) as response, _translated(f"reading {key}"):
            while piece := cast(bytes, response.read(chunk)):
                yield piece

    def stat(self, key: str) -> BlobInfo | None:
        place = self._at(key)
        client = self._connect()
        try:
            with _translated(f"looking for {key}"):
                found = client.stat_object(**place)
        except NotFound:
            return None
        metadata = {name.lower(): value for name, value in (found.metadata or {}).items()}
        return BlobInfo(key, found.size, metadata.get(_SHA, ""), found.content_type or _DEFAULT)

    def _require(self, key: str) -> BlobInfo:
        info = self.stat(key)
        if info is None:
            raise NotFound(f"There is no blob {key}.")
        return info

    @contextlib.contextmanager
    def _response(self, key: str, offset: int, length: int | None) -> Iterator[Any]:
        place = self._at(key)
        client = self._connect()
        with _translated(f"reading {key}"):
            response = client.get_object(**place, offset=offset, length=length or 0)
        try:
            yield response
        finally:
            response.close()
            response.release_conn()

    def delete(self, key: str) -> None:
        place = self._at(key)
        client = self._connect()
        with _translated(f"deleting {key}"):
            client.remove_object(**place)

    def list(self, prefix: str = "") -> Iterator[BlobInfo]:
        client = self._connect()
        head = f"{self.address.prefix}/" if self.address.prefix else ""
        with _translated("listing"):
            for found in client.list_objects(
                bucket_name=self.address.bucket, prefix=head + prefix, recursive=True
            ):
                yield BlobInfo(found.object_name[len(head) :], found.size)

    def ping(self) -> None:
        client = self._connect()
        with _translated("answering a health check"):
            if not client.bucket_exists(bucket_name=self.address.bucket):
                raise Unavailable(f"The bucket {self.address.bucket!r} is gone.")


class _InvalidRangeError(Exception):
    pass


class _Hashing(io.RawIOBase):
    """A stream that counts and hashes what is read through it."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self.digest = hashlib.sha256()
        self.size = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        piece = self._source.read(size)
        self.digest.update(piece)
        self.size += len(piece)
        return piece


def _outside(key: str, offset: int, length: int | None) -> InvalidInput:
    return InvalidInput(f"The range {offset}+{length} lies outside of the blob {key}.")


@contextlib.contextmanager
def _translated(doing: str) -> Iterator[None]:
    import urllib3
    from minio.error import InvalidResponseError, S3Error, ServerError

    try:
        yield
    except S3Error as error:
        if error.code in _MISSING:
            raise NotFound(f"There is no such blob ({doing}).") from error
        if error.code == "InvalidRange":
            raise _InvalidRangeError from error
        if error.code in _FULL:
            raise StorageFull(
                "The object store has no room left; enlarge it or delete what isn't needed."
            ) from error
        if error.code in _REFUSED:
            raise Unavailable(
                f"The object store refuses {doing} ({error.code}); check its key and policy."
            ) from error
        raise Unavailable(f"The object store could not go on with {doing} ({error.code}).") from error
    except ServerError as error:
        if error.status_code == 507:
            raise StorageFull(
                "The object store has no room left; enlarge it or delete what isn't needed."
            ) from error
        raise Unavailable(f"The object store failed while {doing} (status {error.status_code}).") from error
    except (InvalidResponseError, urllib3.exceptions.HTTPError, OSError) as error:
        if isinstance(why := getattr(error, "reason", None), urllib3.exceptions.SSLError):
            raise Unavailable(
                f"The object store's certificate isn't trusted ({why}); check `ca=` and the host's name in BRAMBLE_BLOB_URL."
            ) from error
        raise Unavailable(
            f"The object store doesn't answer while {doing} ({type(error).__name__})."
        ) from error
