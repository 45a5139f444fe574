# Sourced by the tests of this folder: go to a working folder of the test's own, which goes when the test
# ends, and count failures.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failures=0

# need_python MODULE…: skip the test where Debian's Python, which makes and reads its files, lacks one of them
need_python() {
    local modules=$*
    if ! /usr/bin/python3 -c "import ${modules// /, }" 2>/dev/null; then
        echo "SKIPPED: /usr/bin/python3 has not all of $modules"
        exit 77
    fi
}

fail() {
    echo "FAILED: $*"
    failures=$((failures + 1))
}
