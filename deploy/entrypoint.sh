#!/bin/sh
# What a container of Aegis is: code, daemon, webserver, or any command of aegis.
# /data is the home: dagster.yaml and workspace.yaml are put there so that commands may start in it.
# Each is the image's own at every start, whole at any moment: three containers start at once.
set -eu
for name in dagster.yaml workspace.yaml; do
  cmp -s "/app/$name" "/data/$name" && continue
  new=$(mktemp "/data/.$name.XXXXXX")
  cp "/app/$name" "$new"
  chmod 644 "$new"
  mv -f "$new" "/data/$name"
done
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
