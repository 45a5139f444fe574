# Sourced by the tests of this folder: go to a working folder of the test's own, which goes when the test
# ends, and count failures.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failures=0

fail() {
    echo "FAILED: $*"
    failures=$((failures + 1))
}
