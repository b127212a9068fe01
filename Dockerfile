# An image of the service: docker build -t casemgr .
# docs/operations.md shows how to run it, alone and with compose.yaml.

# Any image with Python 3.11 or newer, its venv module and useradd.
ARG BASE=python:3.11-slim

FROM ${BASE} AS build
RUN python3 -m venv /opt/casemgr
ENV PATH=/opt/casemgr/bin:$PATH
COPY requirements.lock .
RUN pip install --no-cache-dir --require-hashes -r requirements.lock
COPY . /src
RUN pip install --no-cache-dir --no-deps --no-build-isolation /src && pip uninstall --yes setuptools pip

FROM ${BASE}
RUN useradd --uid 10001 --home-dir /var/lib/casemgr --shell /usr/sbin/nologin casemgr \
    && install -d -o casemgr -g casemgr -m 0700 /var/lib/casemgr
COPY --from=build /opt/casemgr /opt/casemgr
ENV PATH=/opt/casemgr/bin:$PATH
USER 10001:10001
# An SQLite database belongs here. Nothing else but /tmp needs to be writable.
WORKDIR /var/lib/casemgr
VOLUME /var/lib/casemgr
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["python3", "-c", "import http.client, os, sys; \
connection = http.client.HTTPConnection('127.0.0.1', int(os.environ.get('PORT') or 8000), timeout=4); \
connection.request('GET', '/health/ready'); sys.exit(connection.getresponse().status != 200)"]
ENTRYPOINT ["casemgr"]
CMD ["serve", "--init-db", "--host", "0.0.0.0"]
