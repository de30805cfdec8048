# shellcheck shell=bash
# What the scripts share. Sourced, never run; expects `set -euo pipefail`.

AIM_ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
AIM_PROGRAM="$AIM_ROOT/build/release/bin/aim"
AIM_MODEL_SERVER="$AIM_ROOT/build/release/bin/model_server"
export AIM_ROOT AIM_PROGRAM AIM_MODEL_SERVER

say() {
  printf '==> %s\n' "$*" >&2
}

fail() {
  printf '%s: error: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

# Runs a command as root: as it is for root, through sudo for everybody else.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo -- "$@"
  else
    fail "'$*' needs root: run this as root, or install sudo"
  fi
}

# wait_until SECONDS COMMAND...: asks ten times a second until the command succeeds.
wait_until() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@"; do
    if [ "$SECONDS" -ge "$deadline" ]; then
      return 1
    fi
    sleep 0.1
  done
}

# A process that still runs; one that has ended and was not yet waited for does not.
is_alive() {
  local state
  state="$(sed -n 's/^State:[[:space:]]*\(.\).*/\1/p' "/proc/$1/status" 2>/dev/null)" || return 1
  [ -n "$state" ] && [ "$state" != Z ]
}

is_gone() {
  ! is_alive "$1"
}

# All files of ours, NUL-separated, relative to the top of the tree.
our_files() {
  cd "$AIM_ROOT" || return
  if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
    git ls-files -z --cached --others --exclude-standard | while IFS= read -r -d '' file; do
      [ ! -f "$file" ] || printf '%s\0' "$file"
    done
  else
    find . -path ./build -prune -o -type f -printf '%P\0'
  fi
}
