# shellcheck shell=bash
# Shared by the scripts of this folder (sourced, never run): where the checkout is, how many jobs fit, plain messages.

set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf '%s\n' "$*"; }
warn() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() {
  warn "$*"
  exit 1
}

# One compiler a core, but no more than the memory holds: the largest source takes about 1.2 GB.
jobs_that_fit() {
  local cores memory_kb by_memory
  cores=$(nproc)
  memory_kb=$(awk '/^MemAvailable:/ { print $2 }' /proc/meminfo)
  by_memory=$((memory_kb / 1500000))
  ((by_memory >= 1)) || by_memory=1
  echo $((cores < by_memory ? cores : by_memory))
}

# quietly LOG WHAT COMMAND...: runs the command with its output in LOG; on failure shows the end of it and stops.
quietly() {
  local log=$1 what=$2 started=$SECONDS
  shift 2
  mkdir -p "$(dirname "$log")"
  printf '%s ... ' "$what"
  if "$@" >"$log" 2>&1 </dev/null; then
    printf 'done (%d s)\n' $((SECONDS - started))
  else
    local status=$?
    printf 'failed\n'
    tail -n 60 "$log" >&2
    warn "$what failed (exit $status); everything it said is in $log"
    exit "$status"
  fi
}

# Compiling several sources as one halves the work of a build from nothing, and makes each later change cost more: so only where nothing is
# built yet. A developer who configures by hand has one object a source.
first_build_options() {
  [[ -e $root/build/$1/CMakeCache.txt ]] || echo -DCMAKE_UNITY_BUILD=ON -DCMAKE_UNITY_BUILD_BATCH_SIZE=6
}

# The C++ files of the checkout, NUL-separated, relative to the root: tracked and new ones with git, all of them in a tarball.
sources() {
  if command -v git >/dev/null && git -C "$root" rev-parse --is-inside-work-tree >/dev/null 2>&1; then
    git -C "$root" ls-files -z --cached --others --exclude-standard -- '*.h' '*.cc'
  else
    (cd "$root" && find . -name build -prune -o \( -name '*.h' -o -name '*.cc' \) -print0 | sed -z 's|^\./||')
  fi
}
