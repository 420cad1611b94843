# Build:  docker build -t deqi:0.1.0 .
# Run:    docker run --rm -u "$(id -u):$(id -g)" -v DATA:/data:ro -v OUT:/out deqi:0.1.0 /data /out participant
#
# A release names the base by digest (--build-arg BASE_IMAGE=...@sha256:...). Templates of your own, or none:
# --build-context templates=FOLDER takes the place of that stage: the folder becomes /opt/templateflow.
ARG BASE_IMAGE=docker.io/library/debian:bookworm-slim

# --- Python, as it runs
FROM ${BASE_IMAGE} AS python
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends python3 \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /var/log/apt /var/log/dpkg.log /var/cache/debconf/*-old

# --- what deqi depends on, at the versions and with the contents that the lock file names
FROM python AS dependencies
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends python3-venv \
 && rm -rf /var/lib/apt/lists/* \
 && python3 -m venv /opt/pip \
 && python3 -m venv --without-pip /opt/venv \
 && echo /opt/deqi > "$(echo /opt/venv/lib/python3*/site-packages)/deqi.pth"
WORKDIR /src
COPY container.lock ./
RUN /opt/pip/bin/pip --python /opt/venv install --no-cache-dir --disable-pip-version-check --no-deps --require-hashes -r container.lock
# What nothing at run time reads: tests of the libraries, headers, stubs, sample data (but for the table of extinction
# that haemoglobin is computed with), what MNE has compiled for drawing and for sources, and what fontTools has compiled:
# it writes fonts into PDF, and works without. Licences stay. Shared libraries stay as they are: `strip` breaks those
# that the makers of wheels have moved.
RUN find /opt/venv/lib -depth -type d -path '*/site-packages/*' -name tests -exec rm -rf {} + \
 && find /opt/venv/lib -type f \( -name '*.pyi' -o -name '*.pyx' -o -name '*.pxd' -o -name '*.h' -o -name '*.c' \) -delete \
 && find /opt/venv/lib -depth -type d \( -path '*/mne/channels/data' -o -path '*/mne/icons' \
      -o -path '*/sklearn/datasets/data' -o -path '*/sklearn/datasets/images' -o -path '*/matplotlib/mpl-data/sample_data' \
      -o -path '*/matplotlib/mpl-data/fonts/afm' -o -path '*/matplotlib/mpl-data/fonts/pdfcorefonts' \
      -o -path '*/sqlalchemy/testing' -o -path '*/fontTools/*__pycache__' \) -exec rm -rf {} + \
 && find /opt/venv/lib -path '*/site-packages/fontTools/*' -name '*.so' -delete \
 && find /opt/venv/lib -path '*/site-packages/mne/data/*' -type f ! -name '*.py' ! -name extinction_coef.mat -delete \
 && find /opt/venv/lib -depth -type d -regex '.*/mne/\(viz\|report\|gui\|decoding\|beamformer\|minimum_norm\|simulation\|inverse_sparse\|datasets\|commands\|export\)/.*__pycache__' -exec rm -rf {} +

# --- deqi itself: a layer of some hundred kilobytes
FROM dependencies AS build
COPY pyproject.toml README.md LICENSE boutiques.json ./
COPY bids_app ./bids_app
ARG VERSION=0.1.0
RUN /opt/pip/bin/pip wheel --no-cache-dir --disable-pip-version-check --no-deps -w dist . \
 && /opt/pip/bin/pip --python /opt/venv install --no-cache-dir --disable-pip-version-check --no-deps --target /opt/deqi dist/*.whl \
 && /opt/venv/bin/python -c "import bids_app; print(bids_app.__version__)" > version \
 && grep -Fxq "${VERSION}" version \
 && /opt/deqi/bin/deqi-docker --engine docker --print . /tmp/out participant

# --- templates: the folder alone, or with files fetched once, here; nothing is fetched at run time
FROM dependencies AS fetched
ARG FETCH_TEMPLATES=1
ENV TEMPLATEFLOW_HOME=/opt/templateflow
RUN /opt/venv/bin/python -c "import templateflow" \
 && if [ "$FETCH_TEMPLATES" = 1 ]; then /opt/venv/bin/python -c "from templateflow import api; \
[api.get('MNI152NLin2009cAsym', resolution=2, raise_empty=True, **e) for e in ( \
dict(desc='brain', suffix='mask'), dict(desc=None, suffix='T1w'), \
dict(atlas='Schaefer2018', desc='100Parcels7Networks', suffix='dseg'))]"; fi \
 && chmod -R a+rX /opt/templateflow

FROM scratch AS templates
COPY --from=fetched /opt/templateflow /

# --- what runs: Python, the environment, the templates, deqi
FROM python
COPY --from=dependencies /opt/venv /opt/venv
COPY --from=templates / /opt/templateflow
COPY --from=build /opt/deqi /opt/deqi
COPY --from=build /src/version /version
COPY run.py /run.py
# Boutiques, and so CBRAIN and nipoppy, start it from a login shell, which sets a PATH of its own.
RUN ln -s /opt/deqi/bin/deqi /usr/local/bin/deqi
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="deqi" \
      org.opencontainers.image.description="The BIDS App for acupuncture neuroimaging trials: verum against sham, from fMRIPrep derivatives" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.authors="The deqi developers" \
      org.opencontainers.image.licenses="Apache-2.0"
ENV PATH=/opt/venv/bin:/opt/deqi/bin:$PATH \
    TEMPLATEFLOW_HOME=/opt/templateflow \
    DEQI_CONTAINER_TAG=deqi:${VERSION} \
    PYTHONNOUSERSITE=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    MPLBACKEND=Agg \
    MPLCONFIGDIR=/tmp \
    LC_ALL=C.UTF-8 \
    OMP_NUM_THREADS=1
# No USER line, as with fMRIPrep: any user id given by -u works, and a plain run can write to /out.
WORKDIR /tmp
ENTRYPOINT ["/opt/venv/bin/python", "/run.py"]
