# The image that `rebuild --in-cluster` runs: one static binary, no shell, no root.
#
#   docker build -t registry.example.com/connect-migrate .
FROM rust:1-alpine AS build
RUN apk add --no-cache musl-dev
WORKDIR /src
COPY . .
RUN cargo build --release --locked --bin helm-connect-migrate

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /src/target/release/helm-connect-migrate /
USER 65532:65532
ENTRYPOINT ["/helm-connect-migrate"]
