#!/usr/bin/env bash
# Format all sources in place; with --check change nothing and fail where a file is not formatted.
set -euo pipefail
cd "$(dirname "$0")/.."
mode=(-i)
if [[ ${1:-} == --check ]]; then
    mode=(--dry-run -Werror)
fi
git ls-files -z --cached --others --exclude-standard '*.c' '*.h' | xargs -0 -r clang-format "${mode[@]}"
