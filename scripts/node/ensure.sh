#!/bin/sh
# Fetches Node 24 for this checkout when the system's own Node is older.
# Runs as the `prepare` script (npm ci in a checkout), never at a user's install
# from the registry. The packages are pinned with their integrity in the lockfile
# beside this script; they land in .node/, outside node_modules, because a later
# `npm install` would remove what it does not know.
set -eu
root=$(CDPATH= cd -- "$(dirname -- "$0")/../.." && pwd)

fits() {
  "$1" -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 24 ? 0 : 1)' 2>/dev/null
}

if command -v node >/dev/null 2>&1 && fits node; then exit 0; fi
for arch in x64 arm64; do
  found="$root/.node/node_modules/node-linux-$arch/bin/node"
  if [ -x "$found" ] && fits "$found"; then exit 0; fi
done

have=$(node --version 2>/dev/null || echo none)
if [ "$(uname -s)" != Linux ]; then
  echo "sallyport needs Node 24 or newer (found: $have). Please install it: https://nodejs.org" >&2
  exit 1
fi
echo "sallyport: system Node is $have, fetching Node 24 for this checkout into .node/" >&2
mkdir -p "$root/.node"
cp "$root/scripts/node/package.json" "$root/scripts/node/package-lock.json" "$root/.node/"
# npm hands its own settings down as npm_config_*: a prefix or workspace of the outer run must not steer this one.
env -u npm_config_local_prefix -u npm_config_prefix -u npm_config_workspace -u npm_config_workspaces \
  npm ci --prefix "$root/.node" --ignore-scripts --no-audit --no-fund --loglevel=error >&2
