#!/bin/bash
# auto-version.sh
VERSION=$(git describe --tags --abbrev=0)
COMMIT=$(git rev-parse --short HEAD)
BUILD_TIME=$(date -u +"%Y-%m-%dT%H:%M:%SZ")

modctl build \
  -t myregistry.com/model:${VERSION} \
  -t myregistry.com/model:${VERSION}-${COMMIT} \
  --annotation org.opencontainers.image.version="${VERSION}" \
  --annotation org.opencontainers.image.revision="${COMMIT}" \
  --annotation org.opencontainers.image.created="${BUILD_TIME}" \
  .
