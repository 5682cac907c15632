#!/bin/bash
# cleanup-models.sh

# Remove old development builds (keep last 5)
modctl list | grep ":dev-" | tail -n +6 | while read line; do
  MODEL=$(echo $line | awk '{print $1":"$2}')
  modctl rm $MODEL
done

# Prune unused blobs
modctl prune --remove-untagged

# Archive old models
ARCHIVE_DATE=$(date -d '30 days ago' +%Y-%m-%d)
modctl list | while read line; do
  CREATED=$(echo $line | awk '{print $5}')
  if [[ "$CREATED" < "$ARCHIVE_DATE" ]]; then
    MODEL=$(echo $line | awk '{print $1":"$2}')
    # Move to archive registry
    modctl pull $MODEL
    modctl tag $MODEL archive-registry.com/$MODEL
    modctl push archive-registry.com/$MODEL
    modctl rm $MODEL
  fi
done
