# syntax=docker/dockerfile:1.10
# NVIDIA Triton with what the Python backend of Bramble's models needs. The model repository isn't baked in: it is copied from
# the blob store at start, so that a new model needs no new image. Size budget: the base (about 20 GB unpacked) plus 400 MB.
ARG TRITON_IMAGE=nvcr.io/nvidia/tritonserver:25.10-py3
FROM ${TRITON_IMAGE}
# numpy 2 and the backend's stub disagree: every output would come back empty, without an error.
RUN pip install --no-cache-dir "numpy==1.26.4" "pillow==11.3.0" "minio==7.2.20" \
 && useradd --uid 10002 --no-create-home --shell /usr/sbin/nologin bramble-triton
USER 10002:10002
