# Cairn as an image: built with Rust and Node, run with the libraries of C and nothing else, not even a shell. Authorities of TLS are
# built into the binary, and names are looked up by the C library itself.

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
    cargo build --release --locked --bin cairn && install -D target/release/cairn /image/usr/local/bin/cairn
RUN for library in $(ldd /image/usr/local/bin/cairn | grep -o '/[^ ]*'); do install -D "$library" "/image$library" || exit 1; done \
    && install -d -m 1777 /image/tmp \
    && install -d /image/etc && echo 'cairn:x:10001:10001::/data:' > /image/etc/passwd && echo 'cairn:x:10001:' > /image/etc/group \
    && install -d -m 0750 /owned/data /owned/backups

FROM scratch
COPY --from=build /image /
# A new volume takes its owner from here.
COPY --from=build --chown=10001:10001 /owned /
USER 10001:10001
WORKDIR /data
# Inside the container every address: what is published decides who reaches it.
ENV PATH=/usr/local/bin CAIRN_LISTEN=0.0.0.0:8080 CAIRN_DATA_DIR=/data
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["cairn", "healthcheck"]
ENTRYPOINT ["cairn"]
CMD ["serve"]
