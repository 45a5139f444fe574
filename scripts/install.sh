#!/usr/bin/env bash
# Install what is missing of the named groups of scripts/packages: install.sh build [test] [ci]
# Debian and Ubuntu: by apt, with sudo where one is not root. Elsewhere: name the packages and stop;
# ATMOREP_NO_INSTALL=1 goes on without (for machines that have them from elsewhere).
set -euo pipefail
list=$(dirname "$0")/packages

if [[ ${ATMOREP_NO_INSTALL:-0} != 0 ]]; then
    exit 0
fi

wanted=()
while read -r group package; do
    if [[ " $* " == *" $group "* ]]; then
        wanted+=("$package")
    fi
done < <(grep -v '^#' "$list")

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    echo "This is neither Debian nor Ubuntu: install the equivalents of these packages," >&2
    echo "then call again with ATMOREP_NO_INSTALL=1 in the environment:" >&2
    printf '    %s\n' "${wanted[@]}" >&2
    exit 1
fi

is_installed() {
    [[ $(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null || true) == installed ]]
}

missing=()
for package in "${wanted[@]}"; do
    is_installed "$package" || missing+=("$package")
done
if ((${#missing[@]} == 0)); then
    exit 0
fi

as_root=()
if [[ $(id -u) != 0 ]]; then
    if ! command -v sudo >/dev/null; then
        echo "Not root, and there is no sudo. Have somebody run:" >&2
        echo "    apt-get install ${missing[*]}" >&2
        exit 1
    fi
    as_root=(sudo)
fi

echo "Installing ${missing[*]}"
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq

# What only tests use may not exist in every release.
present=()
for package in "${missing[@]}"; do
    if grep -qx "test $package" "$list" &&
        ! apt-cache policy "$package" | grep -q 'Candidate: [^(]'; then
        echo "$package is not in this release's archive: tests that need it will skip"
    else
        present+=("$package")
    fi
done
if ((${#present[@]} > 0)); then
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "${present[@]}"
fi
