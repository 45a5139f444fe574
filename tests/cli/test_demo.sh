# The demo refuses a wrong call before it builds or makes anything, and its models are valid.
# Arguments: the program, the source folder.
program=$1 source=$2
failures=0

# expect CODE PATTERN ARGUMENT…: exit code of ./demo.sh, and a pattern in what it says
expect() {
    local code=$1 pattern=$2 said got
    shift 2
    said=$("$source/demo.sh" "$@" 2>&1)
    got=$?
    if [ $got -ne "$code" ] || ! grep -qe "$pattern" <<<"$said"; then
        echo "demo.sh $*: exit $got, wanted $code and '$pattern', got: $said"
        failures=$((failures + 1))
    fi
}

folder=$(mktemp -d)
cd "$folder" || exit 1
expect 2 '^usage: ./demo.sh \[DATA\]$' one two
expect 2 '^usage: ./demo.sh \[DATA\]$' --help
expect 1 "^no \*.zarr in $folder/nothing or" nothing
expect 1 '^no \*.zarr in /no/such/folder or' /no/such/folder

for configuration in $(grep -l "^fields:" "$source"/configs/*.yaml); do
    "$program" info "$configuration" >"$folder/said" 2>&1 || {
        echo "$configuration is refused:" && cat "$folder/said"
        failures=$((failures + 1))
    }
done
rm -rf "$folder"
exit $failures
