# The package and what it needs are built in one stage; the other keeps neither compiler nor pip cache.
FROM python:3.13-slim AS build
WORKDIR /build
COPY requirements-build.txt requirements-prod.txt ./
RUN python -m venv /tools && /tools/bin/pip install --no-cache-dir --require-hashes -r requirements-build.txt \
 && python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes --only-binary :all: -r requirements-prod.txt
COPY pyproject.toml README.md LICENSE ./
COPY bitloot bitloot
COPY db db
COPY actors actors
COPY web web
RUN /tools/bin/pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir dist . \
 && /venv/bin/pip install --no-cache-dir --no-deps dist/*.whl \
 && /venv/bin/pip uninstall --yes pip

FROM python:3.13-slim
RUN useradd --system --uid 10001 --home-dir /state --create-home bitloot
COPY --from=build /venv /venv
WORKDIR /app
COPY gunicorn.conf.py Procfile ./
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    STATE_DIR=/state STORE_DIRECTORY=/state/objects MAIL_DIRECTORY=/state/letters \
    HOST=0.0.0.0 RELAY_HOST=0.0.0.0
USER bitloot
VOLUME /state
EXPOSE 8000 8001
STOPSIGNAL SIGTERM
CMD ["gunicorn", "web.wsgi:application"]
