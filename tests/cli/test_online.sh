# Scores while forecasting are those of the forecast's file, to the bit, without a file as with one.
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
forecast=(forecast --model waves --data z.nc msl.nc --threads 1 --start 2001-02-18 --end 2001-02-19 --steps 4)

# Some scored times lie after the last of the truth: what is left out has to be the same, too.
run "${forecast[@]}" --feed-members --out file.nc
run verify --forecast file.nc --truth z.nc msl.nc --region tropics --no-maps --out from-file
ls >before
run "${forecast[@]}" --feed-members --verify z.nc msl.nc --region tropics --scores online
[ "$(ls | grep -vxF -f before)" = online ] || fail "more than scores: $(ls | grep -vxF -f before)"
cp out online/printed
cmp online/printed online/scores.txt || fail "what is printed is not scores.txt"
run "${forecast[@]}" --feed-members --verify z.nc msl.nc --region tropics --scores both --out both.nc
same from-file online both
# its history has the time of day
cmp <(ncdump -v z_members both.nc | sed '1,/^data:/d') <(ncdump -v z_members file.nc | sed '1,/^data:/d') ||
    fail "the file beside scores is another"

refuse 2 "--out FILE is missing, or --verify TRUTH" 2001-02-18
refuse 2 "--scores without --verify TRUTH: there are no scores" 2001-02-18 --out refused.nc
[ ! -e refused.nc ] || fail "a file after wrong use"
refuse 1 "nowhere" 2001-02-18 --verify nowhere.nc
refuse 1 "lies in the training period" 2001-01-20 --verify z.nc msl.nc
refuse 2 "not of one place" 2001-02-18 --verify z.nc msl.nc --at 10,10
exit $failures
