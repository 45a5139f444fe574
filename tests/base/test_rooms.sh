#!/usr/bin/env bash
# The rules of the house: a room includes only rooms below it, only src/cli prints or ends the program,
# and no file is a drawer for what has no name. Called with the program and the source folder; first it
# shows that it would notice a violation of each rule.
set -euo pipefail
source_folder=$2

rooms=(base field io data picture nature graph backend model train task verify cli)

# Height of each room; what is no room has none.
declare -A height
for i in "${!rooms[@]}"; do
    height[${rooms[$i]}]=$i
done

# Print "file:line: what is wrong" for every include of $1/src that reaches up or beside the rooms.
check_includes() {
    local root=$1 line file number path from to
    while IFS= read -r line; do
        file=${line%%:*}
        number=${line#*:}
        path=${number#*\"}
        path=${path%%\"*}
        number=${number%%:*}
        from=${file#"$root"/src/}
        from=${from%%/*}
        to=${path%%/*}
        if [[ $to == atmorep ]]; then
            continue
        fi
        if [[ -z ${height[$from]-} ]]; then
            echo "$file: the folder $from is no room"
        elif [[ -z ${height[$to]-} || $path == *..* ]]; then
            echo "$file:$number: includes \"$path\"; should be \"room/file.h\" or \"atmorep/file.h\""
        elif ((height[$to] > height[$from])); then
            echo "$file:$number: room $from includes \"$path\", but room $to lies above it"
        fi
    done < <(grep -rnE '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' "$root/src" --include='*.[ch]' || true)
}

# Print the lines outside of cli that print or end the program; comments do not count.
check_printing() {
    find "$1/src" -name '*.[ch]' -not -path "$1/src/cli/*" -exec awk '
        {
            gsub(/\/\*.*\*\//, "")
            sub(/^[[:space:]]*\/?\*.*/, "")
            sub(/\/\/.*/, "")
        }
        /(^|[^a-zA-Z0-9_])(v?f?printf|puts|putchar|perror|_?exit|quick_exit)[[:space:]]*\(/ {
            print FILENAME ":" FNR ": prints or ends the program; only src/cli may"
        }' {} + | sort
}

# Print files and folders whose name says nothing.
check_names() {
    find "$1/src" -print | grep -E '/(utils?|helpers?|common|misc)(_[^/]*|\.[^/]*)?$' |
        sed 's|$|: a name that says nothing; should be named after its one idea|' || true
}

check() {
    check_includes "$1"
    check_printing "$1"
    check_names "$1"
}

# --- each rule is broken once, and must be noticed ---
made_up=$(mktemp -d)
trap 'rm -rf "$made_up"' EXIT
mkdir -p "$made_up"/src/{base,data,model,cli,attic}
expect() {
    local found
    found=$(check "$made_up")
    if [[ $found != *"$1"* || $(wc -l <<<"$found") != 1 ]]; then
        echo "self-test: expected one line with '$1', got '$found'" >&2
        exit 1
    fi
    rm "$2"
}
good=$made_up/src/model/good.c
printf '#include "data/batch.h"\n#include "model/good.h"\n#include "atmorep/status.h"\n/* exit(1) */\nsnprintf(a, 1, "");\n' >"$good"
printf 'int main(void) { printf("x"); exit(1); }\n' >"$made_up/src/cli/main.c"
if [[ -n $(check "$made_up") ]]; then
    echo "self-test: refuses what is right: $(check "$made_up")" >&2
    exit 1
fi
bad=$made_up/src/data/bad.c
printf '#include "model/configuration.h"\n' >"$bad"
expect "bad.c:1: room data includes \"model/configuration.h\", but room model lies above it" "$bad"
printf '\n# include "../model/configuration.h"\n' >"$bad"
expect "bad.c:2: includes \"../model/configuration.h\"; should be" "$bad"
printf '#include "batch.h"\n' >"$bad"
expect "bad.c:1: includes \"batch.h\"; should be" "$bad"
for call in 'printf("x")' 'fprintf(stderr, "x")' 'puts("x")' 'if (x) exit(1)' 'perror("x")'; do
    printf 'int f(void)\n{\n    %s;\n}\n' "$call" >"$bad"
    expect "bad.c:3: prints or ends the program" "$bad"
done
for name in utils.c helpers.h common.c misc.c util_text.c; do
    printf '\n' >"$made_up/src/base/$name"
    expect "$name: a name that says nothing" "$made_up/src/base/$name"
done
printf '#include "base/log.h"\n' >"$made_up/src/attic/a.c"
expect "the folder attic is no room" "$made_up/src/attic/a.c"

# --- the house itself ---
violations=$(check "$source_folder")
if [[ -n $violations ]]; then
    echo "$violations" >&2
    exit 1
fi
files=$(find "$source_folder/src" -name '*.[ch]' | wc -l)
if ((files < 20)); then
    echo "found only $files files under $source_folder/src: is this the source folder?" >&2
    exit 1
fi
echo "$files files keep the rules"
