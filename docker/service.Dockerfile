# syntax=docker/dockerfile:1.10
# One file for every image of Bramble. Build from the repository's root:
#
#   docker build -f docker/service.Dockerfile --target service  -t bramble/service:0.1.0 .
#   docker build -f docker/service.Dockerfile --target gateway  -t bramble/gateway:0.1.0 .
#   docker build -f docker/service.Dockerfile --target worker   -t bramble/worker:0.1.0  .
#
# | target  | runs                                                        | torch | size budget      |
# |---------|-------------------------------------------------------------|-------|------------------|
# | service | images, annotations, inference, consensus, synthesis, admin | no    | 700 MB unpacked  |
# | gateway | gateway, with the built web client                          | no    | 720 MB unpacked  |
# | worker  | heavy jobs: training, sampling, datasets, studies           | yes   | 7.5 GB unpacked  |
#
# The five inner services share an image, because they are the same code and the same libraries: one pull, one scan. Which of
# them a container is, its command says: `bramble serve images`.

ARG PYTHON_IMAGE=python:3.11.14-slim-bookworm
ARG NODE_IMAGE=node:22.21.1-bookworm-slim

# --- the web client
FROM ${NODE_IMAGE} AS web
WORKDIR /web
COPY services/web/package.json services/web/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY services/web/ ./
RUN npm run build

# --- Python with the libraries of a service; a compiler stays behind in this stage
FROM ${PYTHON_IMAGE} AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONDONTWRITEBYTECODE=1
RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
WORKDIR /src
COPY pyproject.toml README.md LICENSE requirements.lock ./
COPY services ./services
COPY shared ./shared
ARG EXTRAS=kafka,postgres,s3,triton,otel
# Versions come from requirements.lock, so the same source builds the same image; DL3013 can't see that. The hashes are left out
# because pip takes them for all or for nothing, and the project itself has none.
# `pip inspect` keeps what exactly was installed, with hashes and licences, where a scanner finds it.
# Bytecode is made here, because a container may write nothing and would compile all libraries at each start; by hash and not by time,
# so that it is the same in every build.
# hadolint ignore=DL3013
RUN sed -E '/^ +--hash/d; s/ \\$//' requirements.lock > constraints.txt \
 && pip install -c constraints.txt ".[${EXTRAS}]" \
 && mkdir -p /opt/venv/share/bramble \
 && pip inspect > /opt/venv/share/bramble/packages.json \
 && find /opt/venv -name '__pycache__' -type d -prune -exec rm -rf {} + \
 && python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/venv/lib

FROM build AS build-worker
# hadolint ignore=DL3013
RUN pip install -c constraints.txt ".[kafka,postgres,s3,otel,train,demo]" \
 && pip inspect > /opt/venv/share/bramble/packages.json \
 && find /opt/venv -name '__pycache__' -type d -prune -exec rm -rf {} + \
 && python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/venv/lib

# --- what all images share: an account without rights, no shell scripts, no package manager's leftovers
FROM ${PYTHON_IMAGE} AS runtime
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Bramble" \
      org.opencontainers.image.description="Turns unlabelled medical images into an enhanced training dataset" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN groupadd --gid 10001 bramble \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin bramble \
 && install -d -o 10001 -g 10001 /data
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    OMP_NUM_THREADS=1 \
    BRAMBLE_HOST=0.0.0.0 \
    BRAMBLE_PORT=8080 \
    BRAMBLE_DATA_DIR=/data
WORKDIR /data
USER 10001:10001
EXPOSE 8080
STOPSIGNAL SIGTERM
ENTRYPOINT ["bramble"]
CMD ["--help"]

FROM runtime AS worker
COPY --from=build-worker /opt/venv /opt/venv
CMD ["worker"]

FROM runtime AS gateway
COPY --from=build /opt/venv /opt/venv
COPY --from=web /web/dist /opt/web
ENV BRAMBLE_WEB_DIST=/opt/web
CMD ["serve", "gateway"]

FROM runtime AS service
COPY --from=build /opt/venv /opt/venv
CMD ["serve", "images"]
