# Cairn as an image: built with Rust and Node, run on a slim Debian without either.

FROM node:20-bookworm-slim AS node

FROM rust:1.95-slim-bookworm AS build
COPY --from=node /usr/local/bin/node /usr/local/bin/node
COPY --from=node /usr/local/lib/node_modules /usr/local/lib/node_modules
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm
# npm trusts what the system trusts, as Cargo does: a base image may bring the authority of a company's proxy.
ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
WORKDIR /src
COPY . .
# Both folders are caches of the builder, so that a changed source does not build every dependency again.
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/src/target \
    cargo build --release --locked --bin cairn && cp target/release/cairn /usr/local/bin/cairn

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --user-group --no-create-home --home-dir /data cairn \
    && install -d -o cairn -g cairn -m 0750 /data /backups
COPY --from=build /usr/local/bin/cairn /usr/local/bin/cairn
USER cairn
WORKDIR /data
# Inside the container every address: what is published decides who reaches it.
ENV CAIRN_LISTEN=0.0.0.0:8080 CAIRN_DATA_DIR=/data
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["cairn", "healthcheck"]
ENTRYPOINT ["cairn"]
CMD ["serve"]
