# One image for every chat: docker build -t fathom . ; settings and tokens come from outside (docs/operate.md).
FROM python:3.12-slim AS build
ENV UV_PROJECT_ENVIRONMENT=/app UV_PYTHON_DOWNLOADS=never UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1
RUN pip install --no-cache-dir uv
WORKDIR /src
# The libraries first: they change less often than the program.
COPY pyproject.toml uv.lock ./
RUN uv sync --locked --no-dev --no-install-project --extra cluster --extra discord --extra live --extra llm --extra postgresql --extra serve --extra telegram
COPY README.md LICENSE config.example.toml ./
COPY bot ./bot
COPY charts ./charts
COPY engine ./engine
RUN uv sync --locked --no-dev --no-editable --extra cluster --extra discord --extra live --extra llm --extra postgresql --extra serve --extra telegram

FROM python:3.12-slim
RUN useradd --system --uid 10001 --home-dir /data --create-home fathom
COPY --from=build /app /app
# Everything that is kept lies in /data: config.toml, the database, the history, compiled code.
ENV PATH=/app/bin:$PATH \
    XDG_DATA_HOME=/data/share \
    XDG_STATE_HOME=/data/state \
    XDG_CACHE_HOME=/data/cache \
    NUMBA_CACHE_DIR=/data/cache/numba \
    MPLCONFIGDIR=/data/cache/matplotlib
USER fathom
WORKDIR /data
VOLUME /data
# Minutes to start: the first one compiles.
HEALTHCHECK --interval=30s --timeout=5s --start-period=3m \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8020/healthz', timeout=4)"]
ENTRYPOINT ["fathom"]
CMD ["serve"]
