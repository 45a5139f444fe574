#!/usr/bin/env bash
# Set everything up, build, and run all tests: ./test.sh [options of ctest, such as -R model]
set -euo pipefail
cd "$(dirname "$0")"
scripts/install.sh build test
cmake --preset release
cmake --build --preset release
ctest --preset release "$@"
