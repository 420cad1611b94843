# Build:  docker build -t deqi:0.1.0 .
# Run:    docker run --rm -u "$(id -u):$(id -g)" -v DATA:/data:ro -v OUT:/out deqi:0.1.0 /data /out participant
ARG BASE_IMAGE=docker.io/library/debian:bookworm-slim

# --- the package and what it depends on, at the versions of the lock file
FROM ${BASE_IMAGE} AS build
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends python3 python3-venv \
 && rm -rf /var/lib/apt/lists/* \
 && python3 -m venv /opt/venv
WORKDIR /src
COPY requirements.lock pyproject.toml README.md LICENSE boutiques.json ./
COPY bids_app ./bids_app
RUN /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check --constraint requirements.lock . \
 && /opt/venv/bin/python -c "import bids_app.levels.group, bids_app.report.group" \
 && /opt/venv/bin/deqi --version

# --- templates: the folder alone, or with files fetched once, here; nothing is fetched at run time
FROM build AS templates
ARG FETCH_TEMPLATES=1
ENV TEMPLATEFLOW_HOME=/opt/templateflow
RUN /opt/venv/bin/python -c "import templateflow" \
 && if [ "$FETCH_TEMPLATES" = 1 ]; then /opt/venv/bin/python -c "from templateflow import api; \
[api.get('MNI152NLin2009cAsym', resolution=2, raise_empty=True, **e) for e in ( \
dict(desc='brain', suffix='mask'), dict(desc=None, suffix='T1w'), \
dict(atlas='Schaefer2018', desc='100Parcels7Networks', suffix='dseg'))]"; fi \
 && chmod -R a+rX /opt/templateflow

# --- what runs: Python, the environment, the templates
FROM ${BASE_IMAGE}
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="deqi" \
      org.opencontainers.image.description="The BIDS App for acupuncture neuroimaging trials" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.licenses="Apache-2.0"
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends python3 \
 && rm -rf /var/lib/apt/lists/* \
 && echo "${VERSION}" > /version
COPY --from=build /opt/venv /opt/venv
COPY --from=templates /opt/templateflow /opt/templateflow
COPY run.py /run.py
ENV PATH=/opt/venv/bin:$PATH \
    TEMPLATEFLOW_HOME=/opt/templateflow \
    DEQI_CONTAINER_TAG=deqi:${VERSION} \
    PYTHONNOUSERSITE=1 \
    MPLBACKEND=Agg \
    MPLCONFIGDIR=/tmp \
    LC_ALL=C.UTF-8 \
    OMP_NUM_THREADS=1
# No USER line, as with fMRIPrep: any user id given by -u works, and a plain run can write to /out.
WORKDIR /tmp
ENTRYPOINT ["/opt/venv/bin/python", "/run.py"]
