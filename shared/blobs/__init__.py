"""The blob store: one port, files by default, MinIO or any S3 at scale."""

from shared.blobs.abstract import BlobInfo, BlobStore

__all__ = ["BlobInfo", "BlobStore", "create_blobs"]


def create_blobs(url: str, data_dir: object = None) -> BlobStore:
    """The store that `url` names: empty → files in `data_dir`; `s3://KEY:SECRET@host:port/bucket` → S3."""
    if not url:
        from pathlib import Path

        from shared.blobs.files import FileBlobs

        return FileBlobs(Path(str(data_dir)) / "blobs")
    if url.startswith("s3"):
        from shared.blobs.minio import MinioBlobs

        return MinioBlobs(url)
    raise ValueError(
        f"BRAMBLE_BLOB_URL is {url!r}; leave it empty for files or write s3://KEY:SECRET@host:port/bucket"
    )
