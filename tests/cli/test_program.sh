# The program's frame, run as a user runs it: exit codes, help, and where output goes.
# Arguments: the program, the source folder.
program=$1
failures=0

# expect CODE STREAM PATTERN ARGUMENT…: exit code, and a pattern in standard output or error
expect() {
    local code=$1 stream=$2 pattern=$3 out err got text
    shift 3
    out=$(mktemp) err=$(mktemp)
    "$program" "$@" >"$out" 2>"$err"
    got=$?
    text=$out
    [ "$stream" = stderr ] && text=$err
    if [ $got -ne "$code" ] || ! grep -qe "$pattern" "$text"; then
        echo "atmorep $*: exit $got, wanted $code and '$pattern' on $stream, got:"
        cat "$out" "$err"
        failures=$((failures + 1))
    fi
    rm -f "$out" "$err"
}

expect 0 stdout '^atmorep [0-9]*\.[0-9]*\.[0-9]*$' --version
expect 0 stdout '^usage: atmorep COMMAND' --help
expect 0 stdout '^usage: atmorep COMMAND' help
expect 2 stderr 'a command is missing'
expect 2 stderr 'unknown command xyzzyx; atmorep --help' xyzzyx
expect 2 stderr 'unknown command xyzzyx' help xyzzyx

# Every command of the list explains itself with an example, and refuses an unknown option.
for command in $("$program" --help | sed -n '/^commands:/,/^$/s/^  \([a-z-]*\) .*/\1/p'); do
    expect 0 stdout "^  atmorep $command" "$command" --help
    expect 0 stdout "^usage: atmorep $command" help "$command"
    expect 2 stderr 'unknown option --no-such-option' "$command" --no-such-option
    expect 2 stderr "did you mean $command?" "${command}x"
done

# A configuration is shown with its defaults filled in.
expect 0 stdout 'beta2: 0.999' info "$2/configs/era5-djf.yaml"

if [ -c /dev/full ]; then
    "$program" --help >/dev/full 2>/dev/null
    [ $? -eq 1 ] || { echo "help onto a full disk did not fail"; failures=$((failures + 1)); }
fi
exit $failures
