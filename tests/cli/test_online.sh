# Scores while forecasting are those of the forecast's file, to the bit, without a file as with one:
# those of regions, thresholds, places and baselines too, and there are maps and a film of a roll-out.
# Arguments: the program, the source folder.
program=$1
source=$2
. "$2/tests/cli/work_folder.sh"

run() {
    "$program" "$@" --quiet >out 2>err || {
        fail "atmorep $*: exit $?"
        cat out err
    }
}

# same FOLDER…: scores.json and scores.txt are those of the first folder, but for the forecast's name
same() {
    local folder
    for folder in "${@:2}"; do
        [ -s "$folder/report.html" ] || fail "$folder: no report"
        grep -q '"24"' "$folder/scores.json" || fail "$folder: no scores 24 hours ahead"
        cmp <(grep -v '"forecast":' "$1/scores.json") <(grep -v '"forecast":' "$folder/scores.json") ||
            fail "$folder/scores.json is not $1/scores.json"
        cmp <(tail -n +2 "$1/scores.txt") <(tail -n +2 "$folder/scores.txt") ||
            fail "$folder/scores.txt is not $1/scores.txt"
    done
}

# refuse CODE TEXT START OPTION…: this exit code, one line with this text, and no scores
refuse() {
    local code=$1 text=$2
    shift 2
    "$program" forecast --quiet --model waves --data z.nc msl.nc --scores refused --start "$@" >out 2>err
    [ $? -eq $code ] && grep -qF -e "$text" err || fail "atmorep forecast $*: $(cat err)"
    [ ! -e refused/scores.json ] && [ "$(grep -vc "^warning" err)" -eq 1 ] || fail "atmorep forecast $*: scores, or not one line: $(cat err)"
}

"$(dirname "$program")/make_waves" . || fail "make_waves"
run train "$source/tests/cli/waves.yaml" --out waves --threads 1 --set training.steps=2
forecast=(forecast --model waves --data z.nc msl.nc --threads 1 --start 2001-02-28T06 --end 2001-03-01T06 --every 12 --steps 4)

# Some scored times lie after the last of the truth: what is left out has to be the same, too.
run "${forecast[@]}" --feed-members --out file.nc
run "${forecast[@]}" --out mean.nc
scores=(--region tropics box=60,0,40,90 --threshold z=30100 air_pressure_at_mean_sea_level=101200 --place 'Cape Town=-33.9,18.4'
    --baseline mean.nc --block-days 2 --resamples 300)
run verify --forecast file.nc --truth z.nc msl.nc "${scores[@]}" --no-maps --out from-file
grep -q 'z: the truth lacks 1 of 12 valid times' err || fail "the truth lacks no time: $(cat err)"
ls >before
run "${forecast[@]}" --feed-members --verify z.nc msl.nc "${scores[@]}" --json --no-maps --scores online
[ "$(ls | grep -vxF -f before)" = online ] || fail "more than scores: $(ls | grep -vxF -f before)"
cp out online/printed
cmp online/printed online/scores.json || fail "what --json prints is not scores.json"
run "${forecast[@]}" --feed-members --verify z.nc msl.nc "${scores[@]}" --scores both --out both.nc
cp out both/printed
cmp both/printed both/scores.txt || fail "what is printed is not scores.txt"
same from-file online both
for part in '"tropics"' '"box"' '"brier"' '"Cape Town"' '"rmse_skill"'; do
    grep -q "$part" online/scores.json || fail "there is no $part in scores.json"
done
[ -z "$(ls online/*.png 2>/dev/null)" ] || fail "pictures with --no-maps"
if command -v gmt >/dev/null; then
    for picture in film_z_850 film_msl map_z_850 map_z_500 map_msl; do
        [ -s both/$picture.png ] || fail "there is no $picture.png: $(ls both)"
    done
    grep -q 'begun at 2001-03-01T00:00, 6 to 18 h ahead (animated)' both/report.html || fail "the report has no film"
else
    echo "SKIPPED: there is no gmt to draw maps and films with"
fi
# A gmt that fails costs neither forecast nor scores; it is told when both are there.
mkdir bin
printf '#!/bin/sh\nexit 7\n' >bin/gmt
chmod +x bin/gmt
PATH=$PWD/bin:$PATH "$program" "${forecast[@]}" --feed-members --verify z.nc msl.nc "${scores[@]}" --quiet \
    --scores undrawn --out undrawn.nc >out 2>err
[ $? -eq 1 ] && grep -q 'undrawn holds scores and report, but 5 pictures could not be drawn; the first: map_' err ||
    fail "pictures that fail: $(cat err)"
same from-file undrawn
cmp <(ncdump -v z_members both.nc | sed '1,/^data:/d') <(ncdump -v z_members undrawn.nc | sed '1,/^data:/d') ||
    fail "the forecast beside pictures that fail is another"

# its history has the time of day
cmp <(ncdump -v z_members both.nc | sed '1,/^data:/d') <(ncdump -v z_members file.nc | sed '1,/^data:/d') ||
    fail "the file beside scores is another"

refuse 2 "--out FILE is missing, or --verify TRUTH" 2001-02-18
refuse 2 "--scores without --verify TRUTH: there are no scores" 2001-02-18 --out refused.nc
for option in "--threshold z=1" "--place a=1,1" "--baseline mean.nc" "--regrid area" "--seeps-dry 1" "--block-days 1" --no-maps --json; do
    told=$("$program" forecast --model waves --data z.nc --start 2001-02-18 --out refused.nc $option 2>&1)
    [ $? -eq 2 ] && [ "$told" = "atmorep forecast: ${option%% *} without --verify TRUTH: there are no scores" ] ||
        fail "$option: $told"
done
[ ! -e refused.nc ] || fail "a file after wrong use"
refuse 2 "seeps-dry -1: should be above 0, the mm" 2001-02-18 --verify z.nc msl.nc --seeps-dry -1
refuse 2 "threshold q=1: waves has the fields z, msl" 2001-02-18 --verify z.nc msl.nc --threshold q=1
refuse 1 "baseline nowhere: " 2001-02-18 --verify z.nc msl.nc --baseline nowhere.nc
refuse 1 "nowhere" 2001-02-18 --verify nowhere.nc
refuse 1 "lies in the training period" 2001-01-20 --verify z.nc msl.nc
refuse 2 "not of one place" 2001-02-18 --verify z.nc msl.nc --at 10,10
exit $failures
