# A store behind a URL wherever a store is accepted: info, train and prepare see what they see of the folder.
# Arguments: the program, the source folder.
program=$1
source=$2
python=/usr/bin/python3
. "$2/tests/cli/work_folder.sh"
if ! [ -x $python ]; then
    echo "SKIPPED: $python is not there to serve files"
    exit 77
fi
if "$program" info "http://[" 2>&1 | grep -q 'DATMOREP_HTTP=ON'; then
    echo "SKIPPED: this program was built without HTTP"
    exit 77
fi

"$(dirname "$program")/make_waves" . || fail "make_waves"
"$program" prepare "$source/tests/cli/prepare.yaml" --data z.nc msl.nc orography.nc --out era.zarr --quiet || fail "prepare"

mkfifo stdin
$python "$source/tests/io/http_server.py" "$work" <stdin &
exec 9>stdin # the server ends when this is closed
for ((i = 0; i < 500; i++)); do
    [ ! -e port ] || break
    sleep 0.02
done
url=http://127.0.0.1:$(cat port)

echo "== info"
"$program" info era.zarr >folder.txt || fail "info"
"$program" info "$url/range/era.zarr" | sed "s|$url/range/||" | diff folder.txt - || fail "info tells something else of the URL"

echo "== train"
train() {
    "$program" train "$source/tests/cli/waves.yaml" --quiet --threads 1 --set training.steps=4 training.batch=4 \
        training.validation_samples=4 training.checkpoint_every=4 training.validate_every=4 "$@" || fail "train $*"
}
train --out from_folder --set 'data.paths=[era.zarr]'
train --out from_url --set "data.paths=[$url/range/era.zarr]"
numbers() {
    $python - "$1/metrics.jsonl" <<'PYTHON'
import json
import sys
for line in open(sys.argv[1]):
    print({k: v for k, v in json.loads(line).items() if "loss" in k or "step" == k})
PYTHON
}
[ "$(numbers from_folder | wc -l)" -gt 0 ] || fail "no metrics"
diff <(numbers from_folder) <(numbers from_url) || fail "training from a URL is another one"

echo "== prepare"
"$program" prepare "$source/tests/cli/prepare.yaml" --data "$url/range/era.zarr" --out again.zarr --quiet || fail "prepare from a URL"
"$program" prepare "$source/tests/cli/prepare.yaml" --data era.zarr --out folder.zarr --quiet || fail "prepare from a folder"
for chunk in $(cd folder.zarr && find . -name '[0-9]*'); do
    cmp "folder.zarr/$chunk" "again.zarr/$chunk" || fail "$chunk"
done

echo "== what goes wrong"
"$program" info "$url/forbidden/era.zarr" 2>err
[ $? -eq 1 ] && [ "$(wc -l <err)" -eq 1 ] && grep -q "$url/forbidden/era.zarr/zarr.json: the server says \"403 Forbidden\"" err ||
    fail "a refusal: $(cat err)"
"$program" info "$url/range/absent.zarr" 2>err
[ $? -eq 1 ] && [ "$(wc -l <err)" -eq 1 ] && grep -q "absent.zarr: has neither zarr.json" err || fail "absent: $(cat err)"

exec 9>&-
wait
exit $failures
