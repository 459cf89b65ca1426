# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154,SC2034 # names that scripts/board shares with it
# `scripts/board eval`: a data set in shards over many boards. GNU parallel has one job for each shard
# and as many at a time as there are boards; a job takes a board that is free. One that fails is given
# up, and the job takes another. What all found is added up by `zurt merge` and compared with what
# this machine computes.

# This machine's program: $ZURT, the one installed, or the newest build's.
find_zurt() {
    local candidate newest=""
    zurt=${ZURT:-$(command -v zurt || true)}
    if [ -z "$zurt" ]; then
        for candidate in "$here"/../build/{,package/}*/apps/zurt/zurt; do
            if [ "$(machine_of "$candidate")" = "$(uname -m)" ] && { [ -z "$newest" ] || [ "$candidate" -nt "$newest" ]; }; then
                newest=$candidate
            fi
        done
        zurt=$newest
    fi
    [ -n "$zurt" ] || die "no zurt on this machine to compare with; build it, or set ZURT"
}

# DATA as zurt reads it: a kind, a colon, a path, and labels behind the last comma.
split_data() { # DATA: sets kind, samples and labels
    kind=${1%%:*}
    samples=${1#*:}
    labels=""
    case $1 in
    idx:* | dir:* | npy:* | raw:* | random:*) ;;
    *) usage "eval over boards takes idx: dir: npy: raw: or random:, one for one input, not '$1'" ;;
    esac
    if [ ! -e "$samples" ] && [[ $samples == *,* ]]; then
        labels=${samples##*,}
        samples=${samples%,*}
    fi
}

# Puts the words of the command line where they belong: on_boards and on_host are options of zurt.
read_eval() {
    hosts=() data="" shards="" json="" files_too=""
    on_boards=() on_host=(--device cpu)
    local list=$1 host
    model=$2
    IFS=, read -ra hosts <<<"$list"
    [ ${#hosts[@]} -gt 0 ] || usage "'$list' names no host"
    for host in "${hosts[@]}"; do
        check_host "$host"
    done
    shift 2
    while [ $# -gt 0 ]; do
        case $1 in
        --data | --shards | --labels | --device | --xclbin | --threads | --timeout | --max-memory)
            [ $# -ge 2 ] || usage "$1 lacks its value"
            eval_option "$1" "$2"
            shift
            ;;
        --data=* | --shards=* | --labels=* | --device=* | --xclbin=* | --threads=* | --timeout=* | --max-memory=*)
            eval_option "${1%%=*}" "${1#*=}"
            ;;
        --fallback) on_boards+=("$1") ;;
        --json) json=--json ;;
        --files) files_too=--files ;;
        --shard | --shard=* | --html | --html=* | --list0) usage "eval over boards takes no $1" ;;
        *)
            on_boards+=("$1")
            on_host+=("$1")
            ;;
        esac
        shift
    done
    [ -n "$data" ] || usage "eval wants --data DATA"
    shards=${shards:-$((4 * ${#hosts[@]}))}
    [[ $shards =~ ^[1-9][0-9]{0,4}$ ]] || usage "--shards wants a number from 1 to 65536, not '$shards'"
}

eval_option() { # NAME VALUE
    case $1 in
    --data) data=$2 ;;
    --shards) shards=$2 ;;
    --labels)
        give "$2"
        on_boards+=(--labels "$link")
        on_host+=(--labels "$2")
        ;;
    *) on_boards+=("$1" "$2") ;; # where it runs there
    esac
}

# ---- data ----

# Files that hold many samples go to every board whole, once. Of a folder every board has the names,
# so that all count the samples alike, and the pictures of the shard that it is at.
give_data() {
    local rest=""
    if [ "$kind" = dir ]; then
        folder=$(realpath -- "$samples") || exit 1
        [ -d "$folder" ] || die "$samples: no such folder"
        [ "$folder" != / ] || die "the folder of samples is the whole disk"
        taken[${folder##*/}]=1
    fi
    if [ -n "$labels" ]; then
        give "$labels"
        rest=,$link
    fi
    case $kind in
    random) board_data=$data ;;
    dir)
        make_skeleton
        give "$temporary/names.tar.gz"
        skeleton=("${files[-2]}" "${files[-1]}" UNPACK)
        board_data=dir:${folder##*/}$rest
        ;;
    *)
        give "$samples"
        board_data=$kind:$link$rest
        ;;
    esac
}

# list_samples LIST OPTIONS...: names of pictures as they are below the folder, a NUL after each.
list_samples() {
    local list=$1 name
    shift
    "$zurt" eval "$model" --data "$data" --list0 "${on_host[@]}" "$@" >"$list.all" 2>"$list.err" || {
        cat "$list.err" >&2
        exit 1
    }
    while IFS= read -r -d '' name; do
        printf '%s\0' "${name#"$samples/"}"
    done <"$list.all" >"$list"
}

# All pictures, empty: of one whose name does not say that it is a picture the first bytes do.
make_skeleton() {
    local base=${folder##*/} name
    local into=$temporary/names/$base
    mkdir -p "$into"
    while IFS= read -r -d '' name; do
        mkdir -p "$into/$name"
    done < <(cd "$folder" && find -L . -mindepth 1 -maxdepth 1 -type d ! -name '.*' -print0)
    list_samples "$temporary/all"
    while IFS= read -r -d '' name; do
        case ${name,,} in
        *.jpg | *.jpeg | *.png | *.bmp) : >"$into/$name" ;;
        *) head -c 64 -- "$folder/$name" >"$into/$name" ;;
        esac
    done <"$temporary/all"
    tar -C "$temporary/names" -cf - "./$base" | gzip -9n >"$temporary/names.tar.gz"
    rm -rf "$temporary/names"
}

# The pictures of a shard, as an archive.
make_shard() { # I FILE
    local base=${folder##*/} name
    list_samples "$temporary/list" --shard "$1/$shards"
    while IFS= read -r -d '' name; do
        printf './%s/%s\0' "$base" "$name"
    done <"$temporary/list" >"$temporary/list.here"
    tar -C "${folder%/*}/" -h --null --verbatim-files-from -T "$temporary/list.here" -cf - |
        gzip -1n >"$2"
}

# ---- one shard ----

# One try on one board: its JSON in $state/result.I. The status is zurt's, or that of a connection.
try_shard() { # HOST I
    local host=$1 i=$2 status=0 own=() sha
    connect "$host" 2>/dev/null || return 255
    deliver "$host" || return
    if [ "$kind" = dir ]; then
        [ -f "$state/shard.$i.tar.gz" ] || make_shard "$i" "$state/shard.$i.tar.gz"
        sha=$(hash_of "$state/shard.$i.tar.gz")
        send "$host" "$state/shard.$i.tar.gz" "$sha" keep "$sha" "shard-$i.tar.gz" || return
        own=("${skeleton[@]}" "$sha" "shard-$i.tar.gz" UNPACK_ONCE)
    fi
    on_board "$host" run ${own[@]+"${own[@]}"} "${links[@]}" -- eval "$board_model" \
        --data "$board_data" --shard "$i/$shards" --json "${on_boards[@]}" \
        </dev/null >"$state/try.$i" || status=$?
    if grep -q '^ "outputs_sha256": ' "$state/try.$i"; then # also beside pictures that are damaged
        mv "$state/try.$i" "$state/result.$i"
        status=0
    fi
    return $status
}

# What parallel runs. Locks are folders, one for each board; a board that is given up has a file.
# shellcheck disable=SC2154 # most names are those of $state/settings
shard() { # STATE I
    state=$1
    local i=$2 k alive mine status
    # shellcheck disable=SC1091
    . "$state/settings"
    while :; do
        alive="" mine=""
        for k in "${!hosts[@]}"; do
            [ ! -e "$state/dead.$k" ] || continue
            alive=yes
            if mkdir "$state/lock.$k" 2>/dev/null; then
                mine=$k
                break
            fi
        done
        [ -n "$alive" ] || exit 1
        if [ -z "$mine" ]; then
            sleep 0.2
            continue
        fi
        status=0
        try_shard "${hosts[mine]}" "$i" 2>"$state/err.$i" || status=$?
        case $status in
        0)
            echo "${hosts[mine]}" >"$state/by.$i"
            rm -f "$state/shard.$i.tar.gz"
            rmdir "$state/lock.$mine"
            exit 0
            ;;
        2 | 3 | 4)
            rmdir "$state/lock.$mine"
            cat "$state/err.$i" >&2
            exit $status
            ;;
        esac
        echo "$status" >"$state/dead.$mine"
        rmdir "$state/lock.$mine"
        note "${hosts[mine]} is given up, shard $i/$shards goes to another: $(why "$status" "$state/err.$i")"
    done
}

why() { # STATUS STDERR
    if [ "$1" = 255 ]; then
        echo "no connection"
    else
        echo "exit $1, $(tail -n 1 -- "$2")"
    fi
}

# ---- all of them ----

# What two results must have alike: all but names and the list of samples.
facts() { # RESULT
    sed -e '/^ "files": /,$d' -e '/^ "model": /d' -e '/^ "data": /d' -e '/^ "device": /d' -- "$1"
}

# Which shards are other than this machine's, and whose.
name_differences() {
    local i found=""
    for ((i = 1; i <= shards; i++)); do
        "$zurt" eval "$model" --data "$data" "${on_host[@]}" --shard "$i/$shards" --json \
            >"$state/host.$i" 2>/dev/null || [ $? = 3 ]
        facts "$state/result.$i" | cmp -s - <(facts "$state/host.$i") && continue
        note "shard $i/$shards, which $(cat "$state/by.$i") did, is not what this machine computes"
        found=yes
    done
    [ -n "$found" ] || note "the boards' results are not this machine's"
    exit 6
}

say_who() {
    local host text="" n
    for host in "${hosts[@]}"; do
        n=$(cat "$state"/by.* | grep -cxF -- "$host") || true
        text+=", $host $n"
    done
    note "of $shards shards${text}; every output is this machine's, to the byte"
}

# One after another, since ssh may ask for a password: the jobs use the connections.
reach_boards() {
    local k left=${#hosts[@]}
    for k in "${!hosts[@]}"; do
        connect "${hosts[k]}" && continue
        echo 255 >"$state/dead.$k"
        left=$((left - 1))
    done
    [ "$left" -gt 0 ] || die "no board is left"
}

evaluate() {
    [ $# -ge 2 ] || usage "eval wants HOST[,HOST...] and MODEL"
    parallel --version 2>/dev/null | grep -q GNU ||
        die "GNU parallel is not installed: apt-get install parallel"
    state=$temporary/eval
    mkdir "$state"
    find_zurt
    read_eval "$@"
    check_model "$model"
    reach_boards
    give "$model"
    board_model=$link
    split_data "$data"
    folder="" skeleton=()
    give_data
    declare -p hosts model data shards kind samples folder skeleton board_model board_data on_boards \
        on_host files links zurt >"$state/settings"
    "$zurt" eval "$model" --data "$data" "${on_host[@]}" --json >"$state/host" 2>"$state/host.err" &
    background=$!
    local status=0 numbers i
    mapfile -t numbers < <(seq "$shards")
    PARALLEL_SHELL=/bin/bash PARALLEL_HOME=$temporary parallel --plain --will-cite --halt now,fail=1 \
        -j ${#hosts[@]} "$(quote "$here/board") shard $(quote "$state") {}" ::: "${numbers[@]}" \
        </dev/null 2>&1 | sed -u '/^parallel: This job failed/,+1d' >&2 || status=$?
    if [ $status != 0 ]; then
        [ "$(find "$state" -name 'dead.*' | wc -l)" -lt ${#hosts[@]} ] || die "no board is left"
        exit $status
    fi
    cat "$state"/err.* | sort -u >&2
    for ((i = 1; i <= shards; i++)); do
        numbers[i - 1]=$state/result.$i
    done
    "$zurt" merge --json --quiet "${numbers[@]}" >"$state/merged" || [ $? = 3 ] || exit 1
    wait $background || [ $? = 3 ] || die "this machine: $(cat "$state/host.err")"
    background=""
    facts "$state/merged" | cmp -s - <(facts "$state/host") || name_differences
    say_who
    # shellcheck disable=SC2086 # an option or nothing
    "$zurt" merge $json $files_too "${numbers[@]}"
}
