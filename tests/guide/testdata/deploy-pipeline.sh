#!/bin/bash
# deploy-pipeline.sh

MODEL_NAME="my-model"
VERSION=${1:-"latest"}

# Development
modctl build -t dev-registry.com/${MODEL_NAME}:${VERSION} .
modctl push dev-registry.com/${MODEL_NAME}:${VERSION}

# Staging (with specific configuration)
modctl attach staging-config.json \
  -s dev-registry.com/${MODEL_NAME}:${VERSION} \
  -t staging-registry.com/${MODEL_NAME}:${VERSION} \
  --output-remote

# Production (after validation)
if validate_model staging-registry.com/${MODEL_NAME}:${VERSION}; then
  modctl pull staging-registry.com/${MODEL_NAME}:${VERSION}
  modctl tag staging-registry.com/${MODEL_NAME}:${VERSION} \
         prod-registry.com/${MODEL_NAME}:${VERSION}
  modctl push prod-registry.com/${MODEL_NAME}:${VERSION}
fi
