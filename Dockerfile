# syntax=docker/dockerfile:1
# Ascertain in a container: `docker build -t ascertain .`; docs/deploy.md tells how to run it.
ARG PYTHON=3.12

FROM python:${PYTHON}-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
RUN python -m venv /opt/ascertain
COPY . .
# The exact versions that were tested; PostgreSQL's driver and traces with them.
RUN --mount=type=cache,target=/root/.cache/pip \
    PIP_CONSTRAINT=constraints.txt /opt/ascertain/bin/pip install ".[postgres,traces]"
# CrewAI asks for stores and tools that no crew of ours imports: a third of the image. The check after it fails the build
# if that ever changes.
RUN /opt/ascertain/bin/pip uninstall --yes kubernetes lancedb pyarrow uv \
    && find /opt/ascertain -type d -name tests -path '*/site-packages/*' -prune -exec rm -r {} + \
    && /opt/ascertain/bin/python -m compileall -q /opt/ascertain/lib
WORKDIR /tmp
RUN ASCERTAIN_HOME=/tmp/home HOME=/nonexistent /opt/ascertain/bin/ascertain demo --out /tmp/report.html > /dev/null

FROM python:${PYTHON}-slim-bookworm
# tini is the first process: it hands signals on and collects what killed jobs leave behind.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends tini \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 ascertain \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin ascertain \
    && install --directory --owner=10001 --group=10001 --mode=0700 /var/lib/ascertain
COPY --from=build /opt/ascertain /opt/ascertain
# Nothing is written but to the volume and /tmp, so that the root can be read-only.
ENV PATH=/opt/ascertain/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    ASCERTAIN_HOME=/var/lib/ascertain/home \
    ASCERTAIN_LOG_FORMAT=json
USER 10001:10001
WORKDIR /var/lib/ascertain
VOLUME /var/lib/ascertain
EXPOSE 8642
STOPSIGNAL SIGTERM
ENTRYPOINT ["tini", "--", "ascertain"]
CMD ["--help"]
