#!/bin/sh
# What a container of Aegis is: code, daemon, webserver, page, or any command of aegis.
# /data is the home: dagster.yaml and workspace.yaml are put there so that commands may start in it.
set -eu
cp /app/dagster.yaml /app/workspace.yaml /data/
cd /data
case "${1:-daemon}" in
  code)
    aegis bury
    exec dagster api grpc -m aegis_assets.definitions -h 0.0.0.0 -p 4266
    ;;
  daemon) exec dagster-daemon run -w workspace.yaml ;;
  webserver) exec dagster-webserver -w workspace.yaml -h 0.0.0.0 -p 3000 ;;
  *) exec aegis "$@" ;;
esac
