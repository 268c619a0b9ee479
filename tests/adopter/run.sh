#!/usr/bin/env bash
# Packs the package as npm would publish it, looks into the tarball, and takes it into each of the
# apps beside this file: installs it, generates Convex's code, type-checks and tests the app.
#
#   tests/adopter/run.sh [tarball]    # packs the repository first unless a tarball is given
#
# Needs Node, npm and npm's registry. Nothing in the repository changes but node_modules/ and dist/.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
root="$(cd "$here/../.." && pwd)"
apps=(convex-auth oldest)
# An app with Convex Auth writes at most so many lines for the package.
most_lines=11

# Neither a deployment nor a key of whoever runs this may be used.
unset "${!CONVEX_@}" FORCE_COLOR
export CI=true NO_COLOR=1 npm_config_audit=false npm_config_fund=false npm_config_update_notifier=false

work="$(mktemp -d)"
log="$work/step.log"
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

app="package"
SECONDS=0

# step <what> <command…>: runs it, prints one line; its output only if it fails.
step() {
  local what="$1" started="$SECONDS"
  shift
  if "$@" >"$log" 2>&1; then
    printf 'ok    %-12s %s (%d s)\n' "$app" "$what" "$((SECONDS - started))"
  else
    printf 'FAIL  %-12s %s\n' "$app" "$what"
    sed 's/^/      /' "$log"
    exit 1
  fi
}

say() { printf '      %-12s %s\n' "$app" "$*"; }

pack() {
  cd "$root"
  [ -d node_modules ] || npm ci || return
  npm pack --pack-destination "$work"
}

# Every type-check that an app may ask for: the oldest and the newest `lib`, both kinds of optional.
typecheck() {
  local lib="$1" exact="$2" project
  for project in convex tsconfig.app.json; do
    npx --no-install tsc --noEmit -p "$project" --lib "$lib,DOM,DOM.Iterable" \
      --exactOptionalPropertyTypes "$exact" || return
  done
}

# The declarations themselves, ours and those that they need, as two kinds of projects find them.
check_declarations() {
  local exact="$1" module
  for module in "ESNext Bundler" "NodeNext NodeNext"; do
    npx --no-install tsc -p tsconfig.declarations.json --exactOptionalPropertyTypes "$exact" \
      --module "${module% *}" --moduleResolution "${module#* }" || return
  done
}

# What a repository with project references does: the types of api.* must be nameable.
emit_declarations() {
  npx --no-install tsc -p convex --noEmit false --declaration --emitDeclarationOnly \
    --rootDir convex --outDir "$work/declarations-$app" || return
  if grep -nE ': any[^[:alnum:]]' "$work/declarations-$app/transcriptionJobs.d.ts"; then return 1; fi
}

# The lines of an app that belong to the package: comments, blank lines and `onEnd` itself aside.
adopted_lines() {
  grep -cvE '^[[:space:]]*(//.*)?$' convex/transcriptionJobs.ts
  grep -chE 'transcriptionTables|registerRoutes|registerCrons' \
    convex/schema.ts convex/http.ts convex/crons.ts
}

count_lines() {
  local lines
  lines="$(($(adopted_lines | paste -sd + -)))"
  say "$lines lines belong to the package"
  if [ "$app" = "convex-auth" ] && [ "$lines" -gt "$most_lines" ]; then
    printf 'FAIL  %-12s at most %d lines were promised\n' "$app" "$most_lines"
    exit 1
  fi
}

adopt() {
  app="$1"
  mkdir "$work/$app"
  cp -R "$here/$app/." "$work/$app/"
  rm -rf "$work/$app/node_modules" "$work/$app/convex/_generated"
  cp "$here"/shared/*.test.ts "$work/$app/tests/"
  cp "$here"/shared/*declarations* "$work/$app/"
  cd "$work/$app"

  step "npm install" npm install --no-package-lock "$tarball"
  step "npm ls: no peer is missing or of another version" npm ls
  say "$(npm ls --depth 0 --parseable --long | sed -nE \
    's/.*:((convex|zod|react|typescript|@convex-dev\/auth)@[^:]*).*/\1/p' | paste -sd ' ' -)"
  step "convex codegen, without a deployment" \
    npx --no-install convex codegen --system-udfs --typecheck disable
  local lib exact
  for lib in ES2020 ES2023; do
    for exact in true false; do
      step "types: lib $lib, exactOptionalPropertyTypes $exact" typecheck "$lib" "$exact"
    done
  done
  for exact in true false; do
    step "types: skipLibCheck false, exactOptionalPropertyTypes $exact" check_declarations "$exact"
  done
  step "types: emitting the app's declarations" emit_declarations
  step "vitest" npx --no-install vitest run
  say "$(sed -nE 's/^ *(Tests .*)/\1/p' "$log")"
  count_lines
}

if [ $# -gt 0 ]; then
  if [ ! -f "$1" ]; then
    echo "There is no tarball $1" >&2
    exit 1
  fi
  tarball="$(cd "$(dirname "$1")" && pwd)/$(basename "$1")"
else
  step "npm pack" pack
  tarball="$(echo "$work"/*.tgz)"
fi
cd "$root"
if [ ! -d node_modules ]; then step "npm ci" npm ci; fi
step "the tarball's contents" node "$here/checkTarball.js" "$tarball"
say "$(cat "$log")"
step "publint" npx --no-install publint "$tarball" --strict
step "are the types wrong" npx --no-install attw "$tarball" --profile esm-only

for app in "${apps[@]}"; do adopt "$app"; done
app="package"

echo "All apps took the package in ($SECONDS s)."
