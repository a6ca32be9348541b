#!/bin/sh
# worker ROLE: a worker of this image's build. Anything else: a command of the command line.
set -eu
if [ "${1:-}" = worker ]; then
  cd /app
  exec node --import tsx worker.ts --role "${2:?give the role: orchestrator, cpu or gpu}" --build "$(cat /app/build-id)"
fi
exec node /app/cli/cemiflow.mjs "$@"
