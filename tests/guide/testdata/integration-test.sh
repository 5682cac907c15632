#!/bin/bash
# integration-test.sh

set -e

# Setup test registry
docker run -d -p 5000:5000 --name test-registry registry:2

# Wait for registry to start
sleep 5

# Test basic workflow
echo "Testing basic workflow..."

# Create test model
mkdir -p test-model
echo '{"model_type": "test"}' > test-model/config.json
echo "fake model data" > test-model/model.bin

# Generate Modelfile
modctl modelfile generate test-model \
  --name test-model \
  --arch transformer

# Build model
modctl build -t localhost:5000/test-model:v1.0.0 test-model

# Push model
modctl push localhost:5000/test-model:v1.0.0 --insecure

# Pull model
modctl rm localhost:5000/test-model:v1.0.0
modctl pull localhost:5000/test-model:v1.0.0 --insecure

# Extract model
mkdir -p extracted
modctl extract localhost:5000/test-model:v1.0.0 --output extracted

# Verify extracted files
test -f extracted/config.json
test -f extracted/model.bin

echo "Integration test passed!"

# Cleanup
docker stop test-registry
docker rm test-registry
rm -rf test-model extracted
