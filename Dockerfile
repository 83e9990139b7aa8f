# One image for the code location, the daemon, both webservers and the bootstrap. Nothing in it is run as root.
FROM python:3.11-slim-bookworm

# Chromium and its driver for SIGOS; tini's work (reaping) is done by `init: true` of whoever runs it.
RUN apt-get update \
    && apt-get install -y --no-install-recommends chromium chromium-driver ca-certificates \
    && rm -rf /var/lib/apt/lists/*

ENV PYTHONUNBUFFERED=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    # The code may be read and not written: folders below are what a run writes.
    DAGSTER_HOME=/opt/etl_assets \
    DAGSTER_EVENT_BATCH_SIZE=100 \
    SIGOS_DOWNLOAD_DIR=/var/lib/etl_assets/sigos \
    HOME=/var/lib/etl_assets

WORKDIR /opt/etl_assets
# Exact versions, checked by hash. First alone, so that a change of code does not install them again.
COPY requirements.lock requirements.distributed.lock ./
RUN python -m pip install --require-hashes --no-deps --only-binary :all: -r requirements.lock \
        -r requirements.distributed.lock

COPY pyproject.toml README.md dagster.yaml workspace.yaml ./
COPY sql ./sql
COPY deploy ./deploy
COPY etl_assets ./etl_assets
# In place: the SQL files are found beside the package.
RUN python -m pip install --no-deps --no-build-isolation --no-index --editable . \
    && python -m compileall -q etl_assets \
    && groupadd --gid 10001 etl && useradd --uid 10001 --gid 10001 --home-dir /var/lib/etl_assets --no-create-home etl \
    && install -d -o etl -g etl .dagster logs /var/lib/etl_assets

USER 10001:10001
# What runs leave behind: compute logs and artifacts, the JSON log, the portal's files.
VOLUME ["/opt/etl_assets/.dagster", "/opt/etl_assets/logs", "/var/lib/etl_assets"]
EXPOSE 3000 4000
CMD ["dagster", "code-server", "start", "-h", "0.0.0.0", "-p", "4000", "-m", "etl_assets.definitions"]
