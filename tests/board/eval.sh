#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# scripts/board eval over three boards: the counts of one machine to the byte, also when a board is
# killed on its way, and a board that computes anything else is named.
. "$(dirname "$0")/board_helpers.sh"
command -v parallel >/dev/null || skip "no GNU parallel; scripts/setup installs it"
install_tree "$ZURT_BUILD" "$work/tree"
make_package "$work/tree" "1.0-$(uname -m)"
model=$fixture/cnn.zurt
digits=idx:$fixture/eval-images.idx,$fixture/eval-labels.idx
for name in one two three; do
    make_board $name
    exits 0 "$board" push $name --package "$package"
done

# facts FILE: what does not depend on where things lie
facts() {
    grep -v '^ "model": \|^ "data": \|"file": ' "$1"
}
same() { # DATA OPTIONS...: of all boards and of this machine
    local data=$1 code=$2
    shift 2
    exits "$code" "$board" eval one,two,three "$model" --data "$data" --json "$@"
    [ "${1:-}" != --shards ] || shift 2
    "$ZURT" eval "$model" --data "$data" --json "$@" >"$work/host" 2>/dev/null || [ $? = "$code" ]
    facts "$work/out" | cmp - <(facts "$work/host") || fail "$data: the boards say otherwise"
}
same "$digits" 0
says "of 12 shards, one [0-9]+, two [0-9]+, three [0-9]+; every output is this machine's, to the byte" err
same "$digits" 0 --limit 7
exits 0 "$board" eval one "$model" --data "$digits" --shards 2
says "/500 = 9[0-9.]+ % top-1" out

# A folder: every board has all names and its shard's pictures, whatever they are called.
tree=$work/"photos 'n' \$HOME"
mkdir -p "$tree/3" "$tree/7" "$tree/9"
seven=$ZURT_SOURCE/tests/cli/seven.jpg
for name in a.jpg "-b c.JPG" 'd"e.png' "no suffix" $'new\nline.jpg' 'x;touch pwned.jpg'; do
    cp "$seven" "$tree/3/$name"
    cp "$seven" "$tree/7/$name"
done
same "dir:$tree" 0 --shards 5
[ "$(grep -c '"file": "photos ' "$work/out")" = 6 ] || fail "not six pictures are wrong: $(cat "$work/out")"
echo no picture >"$tree/7/a.jpg"
same "dir:$tree" 3
says "1 of 12 samples could not be read" err
printf '%s 7\n' a.jpg "-b c.JPG" 'd"e.png' >"$work/labels.txt"
same "dir:$tree,$work/labels.txt" 3 --shards 4
on one 'ls zurt/jobs' >"$work/left"
[ ! -s "$work/left" ] || fail "left on the board: $(cat "$work/left")"

# One that is killed midway is given up, and its shard is another's.
kill_midway() { # NAME: when the first shard is done
    until compgen -G "$work/zurt-board.*/eval/by.*" >/dev/null; do
        sleep 0.05
    done
    kill_board "$1"
}
kill_midway two &
same "$digits" 0 --shards 30
says "two is given up, shard [0-9]+/30 goes to another: no connection" err
says "of 30 shards, one [0-9]+, two [0-9]+, three [0-9]+; every output is this machine's" err
wait

# One that computes anything else is named.
ssh -F "$ZURT_SSH_CONFIG" three 'cd zurt/current/bin && mv zurt real && cat >zurt && chmod +x zurt' <<'EOF'
#!/bin/sh
"${0%/*}/real" "$@" | sed '/outputs_sha256/s/: "\(.*\)\(.\)",/: "\2\1",/'
EOF
exits 6 "$board" eval one,three "$model" --data "$digits" --shards 4
says "shard [1-4]/4, which three did, is not what this machine computes" err
! grep -q "which one did" "$work/err" || fail "$(cat "$work/err")"

# What a board refuses is said once; without a board there is nothing to wait for.
echo nonsense >"$work/broken.zurt"
exits 3 "$board" eval one "$work/broken.zurt" --data "$digits"
says "broken.zurt: not a .zurt file" err
exits 2 "$board" eval one "$model" --data "$digits" --frobnicate
exits 2 "$board" eval one "$model"
exits 2 "$board" eval one "$model" --data v4l2:/dev/video0
kill_board one
exits 1 "$board" eval one,two "$model" --data "$digits"
says "no board is left" err
[ -z "$(find "$work" -name pwned)" ] || fail "a name was run"
