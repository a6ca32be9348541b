#!/bin/sh
# Joins the parts that lie beside it, unpacks them, and runs the checks:  sh start.sh [FOLDER [OPTION…]]
# FOLDER defaults to /tmp/cemiflow-gpu; the options are those of run.ts. What is unpacked already is kept.
set -eu
parts=$(cd "$(dirname "$0")" && pwd)
target=${1:-/tmp/cemiflow-gpu}
[ $# -eq 0 ] || shift
fail() {
  echo "cannot start: $1" >&2
  exit 2
}
cd "$parts"
[ -f SHA256SUMS ] || fail "SHA256SUMS is not beside start.sh"
sha256sum --check --quiet SHA256SUMS || fail "a part is missing or damaged; carry the parts named above once more"
if command -v xz > /dev/null; then
  unxz='xz -dc -T0'
elif command -v python3 > /dev/null; then
  unxz="python3 -c 'import lzma, shutil, sys; shutil.copyfileobj(lzma.open(sys.stdin.buffer), sys.stdout.buffer, 1 << 20)'"
else
  fail "neither xz nor python3 is there to unpack with; install one of them"
fi
mkdir -p "$target"
target=$(cd "$target" && pwd)
for archive in library code; do
  sums=$(grep "  $archive\.tar\.xz\." SHA256SUMS)
  [ "$sums" = "$(cat "$target/$archive.sums" 2> /dev/null)" ] && continue
  rm -f "$target/$archive.sums"
  cat "$archive".tar.xz.[0-9][0-9] | eval "$unxz" | tar -x -C "$target" -f - || fail "$archive does not unpack: is $target full?"
  printf '%s\n' "$sums" > "$target/$archive.sums"
done
cd "$target/code"
export XDG_CACHE_HOME="$target/cache" CEMIFLOW_HOME="$target/home" CEMIFLOW_TENSORFLOW=gpu
exec "$target/node" --import tsx bench/gpu/run.ts "$@"
