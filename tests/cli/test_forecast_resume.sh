# A forecast that is killed at a random moment, between starts or in the middle of a roll-out, and called
# again with --resume has the bytes of one that was not, but for the time in `history`, and does not make again
# what was complete; another command does not go on with it, and without --resume it begins anew. Whatever the
# moment of the kill is, the bytes have to be the same.
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

# same FOLDER FOLDER: all files byte for byte, but for the line of the history
same() {
    local folder
    for folder in "$1" "$2"; do
        rm -rf "$folder.plain"
        cp -r "$folder" "$folder.plain"
        find "$folder.plain" \( -name .zattrs -o -name .zmetadata -o -name zarr.json \) \
            -exec sed -i -E 's/[0-9-]{10}T[0-9:]{8}Z: atmorep/T: atmorep/' {} +
    done
    diff -r "$1.plain" "$2.plain" >out || fail "$2 is not $1: $(head -5 out)"
}

# count FOLDER: how many times are complete and on the disk, into $complete; the first line says it
count() {
    complete=0
    { read -r complete <"$1/complete"; } 2>/dev/null
}

# started COUNT FOLDER PID: wait until there are so many
started() {
    count "$2"
    while kill -0 "$3" 2>/dev/null && [ "$complete" -lt "$1" ]; do
        read -rt 0.01 <>silent
        count "$2"
    done
}

# killed OUT ARGUMENT…: go on with it until there is more, and kill it a random moment later
killed() {
    local out=$1 pid before
    shift
    count "$out.part"
    before=$complete
    nice -n 19 "$program" "$@" --out "$out" --resume --quiet 2>err &
    pid=$!
    started $((before + 1)) "$out.part" $pid
    read -rt "0.0$((RANDOM % 5))" <>silent
    kill -KILL $pid 2>/dev/null || fail "it was over before it could be killed: $(cat err)"
    wait $pid 2>/dev/null
    count "$out.part"
    [ "$complete" -gt "$before" ] || fail "nothing is complete after $before: $(cat err)"
    [ ! -e "$out" ] || fail "$out is there before it is complete"
}

# refuse TEXT ARGUMENT…: wrong usage, in one line with this text
refuse() {
    local text=$1
    shift
    "$program" "$@" --quiet >out 2>err
    [ $? -eq 2 ] && [ "$(wc -l <err)" -eq 1 ] && grep -qF -e "$text" err || fail "atmorep $*: $(cat err)"
}

# What is to be stopped runs at the lowest priority, and who stops it starts no process for it, so that it is not
# over before, however busy the machine is.
mkfifo silent

"$(dirname "$program")/make_waves" . || fail "make_waves"
run train "$source/tests/cli/waves.yaml" --out waves --threads 1 --set training.steps=30 \
    --set training.warm_up_steps=2
data="--model waves --data z.nc msl.nc"
rolled="$data --start 2001-02-18 --end 2001-02-20"

for way in "--steps 2 --feed-members --layout weatherbench --zarr-format 3" "--steps 4"; do
    echo "== killed roll-outs $way"
    rm -rf whole.zarr cut.zarr
    run forecast $rolled $way --threads 1 --out whole.zarr
    killed cut.zarr forecast $rolled $way --threads 1
    refuse "cut.zarr.part: was begun with" forecast $rolled $way --overlap 0.25 --out cut.zarr --resume
    run forecast $rolled $way --out cut.zarr --resume --threads 2
    same whole.zarr cut.zarr
    [ ! -e cut.zarr.part ] || fail "the folder of what is complete stays"
done

for way in --feed-members "--feed-draws --layout weatherbench"; do
    echo "== one start, killed twice in the middle: $way"
    long="$data --start 2001-02-18 --steps 10 $way"
    rm -rf whole.zarr cut.zarr
    run forecast $long --threads 1 --out whole.zarr
    killed cut.zarr forecast $long --threads 2
    killed cut.zarr forecast $long --threads 1
    echo "   the first $complete of 10 times are kept"
    chunk=$(cd whole.zarr && find *_members -name '0.0*' | sort | head -n 1)
    rm "cut.zarr.part/data.zarr/$chunk"
    run forecast $long --out cut.zarr --resume
    [ ! -e "cut.zarr/$chunk" ] || fail "the first time, which was complete, was made again"
    cp "whole.zarr/$chunk" "cut.zarr/$chunk"
    same whole.zarr cut.zarr
done

rm -rf whole.zarr
run forecast $rolled --steps 4 --out whole.zarr
echo "== interrupted"
rm -rf cut.zarr
nice -n 19 "$program" forecast $rolled --steps 4 --out cut.zarr --quiet 2>err &
pid=$!
started 1 cut.zarr.part $pid
kill -INT $pid
wait $pid
[ $? -eq 1 ] && grep -q 'interrupted; cut.zarr.part holds the first [0-9]* times: the same command with --resume' err ||
    fail "interrupted: $(cat err)"
cp -r cut.zarr.part damaged.part
run forecast $rolled --steps 4 --out cut.zarr --resume
same whole.zarr cut.zarr

echo "== netCDF, killed, and on a full disk when all has been forecast"
# same_netcdf FILE FILE: every definition and value to the last bit, but for the line of the history
same_netcdf() {
    cmp <(ncdump -p 9,17 "$1" | sed '1d;/:history/d') <(ncdump -p 9,17 "$2" | sed '1d;/:history/d') &&
        [ "$(stat -c %s "$1")" -eq "$(stat -c %s "$2")" ] || fail "$2 is not $1"
}
run forecast $rolled --steps 4 --out whole.nc --threads 1
killed cut.nc forecast $rolled --steps 4
run forecast $rolled --steps 4 --out cut.nc --resume
same_netcdf whole.nc cut.nc
rm cut.nc
(trap '' XFSZ; ulimit -f 100; exec "$program" forecast $rolled --steps 4 --out cut.nc --quiet) 2>err # in KiB, of a file
[ $? -eq 1 ] && grep -q 'cut.nc.*cut.nc.part holds the first 36 times' err || fail "a full disk: $(cat err)"
run forecast $rolled --steps 4 --out cut.nc --resume
same_netcdf whole.nc cut.nc
[ -z "$(ls | grep '^cut.nc.')" ] || fail "what was kept stays: $(ls)"

echo "== without --resume, damaged, and what cannot be gone on with"
cp -r damaged.part cut.zarr.part
printf '\1' | dd of=cut.zarr.part/complete bs=1 seek=4 conv=notrunc 2>/dev/null
"$program" forecast $rolled --steps 4 --out cut.zarr --resume --quiet 2>err
[ $? -eq 1 ] && grep -q "cut.zarr.part/complete: its checksum is wrong" err || fail "damaged: $(cat err)"
rm -r cut.zarr.part
mv damaged.part cut.zarr.part
echo many >cut.zarr.part/complete
"$program" forecast $rolled --steps 4 --out cut.zarr --resume --quiet 2>err
[ $? -eq 1 ] && grep -q "cut.zarr.part/complete: should begin with a number" err || fail "damaged: $(cat err)"
run hindcast $rolled --out cut.zarr
[ ! -e cut.zarr.part ] || fail "what was begun before stays"
run hindcast $rolled --out whole.zarr --resume
same whole.zarr cut.zarr
refuse "--resume with --verify" forecast $rolled --out cut.zarr --resume --verify z.nc msl.nc

exit $failures
