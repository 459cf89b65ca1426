# Man pages and completion have every command and option; what completes, completes.
pages=$ZURT_BUILD/apps/zurt/pages
commands=$(zurt --help | awk '/^  [a-z]/ { print $1 }')
options() { zurt "$1" --help | grep -oE -- '^  (-[a-z], )?--[a-z0-9-]+' | grep -oE -- '--.*'; }

for command in $commands; do
    says "zurt\\\\-$command " "$pages/zurt.1"
    page=$pages/zurt-$command.1
    [ -s "$page" ] || fail "no page of $command"
    options "$command" >want
    sed -n 's/\\-/-/g; s/^\(\\fB-[a-z]\\fR, \)\{0,1\}\\fB\(--[a-z0-9-]*\)\\fR.*/\2/p' "$page" |
        diff want - || fail "$page: its options are not those of --help (left)"
done
if command -v groff >/dev/null; then
    for page in "$pages"/*.1; do
        groff -man -Tutf8 -ww -z "$page" 2>warnings || fail "groff $page"
        empty warnings
    done
fi

# shellcheck disable=SC1091
. "$pages/zurt.bash"
complete_bash() { # WORD...: what the last word could become, one a line; words as bash breaks them
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
    _zurt
    [ "${#COMPREPLY[@]}" = 0 ] || printf '%s\n' "${COMPREPLY[@]}"
}
gives() { # EXPECTED WORD..., in any order
    local want=$1
    shift
    # shellcheck disable=SC2086 # words
    [ "$(complete_bash "$@" | sort)" = "$(printf '%s\n' $want | sort)" ] ||
        fail "after '$*': $(complete_bash "$@" | tr '\n' ' ')"
}
rm -f want warnings
touch model.onnx model.zurt labels.txt
mkdir pictures
gives "inspect info" zurt in
gives "compare compile" zurt help com
gives "$commands help -h --help -V --version" zurt ""
for command in $commands; do
    options "$command" | diff - <(complete_bash zurt "$command" --) >/dev/null ||
        fail "completion of $command has not its options"
done
gives "--method" zurt compile model.onnx --me
gives "minmax mse" zurt compile --method m
gives "minmax mse" zurt compile --method = m
gives "minmax percentile mse entropy auto" zurt compile --method =
gives "idx: dir: npy: raw: random:" zurt compile --calib ""
gives "pictures" zurt compile --calib dir : pic
gives "labels.txt model.onnx model.zurt pictures" zurt compile --calib dir :
gives "pictures,labels.txt" zurt eval model.zurt --data dir : pictures,la
gives "model.onnx model.zurt" zurt run mod
gives "model.zurt" zurt compile -o model.z
gives "" zurt compile --samples ""
gives "xrt" zurt run model.zurt --device x
gives "" zurt info --no-such

for shell in zsh fish; do # their syntax, where they are
    file=$pages/_zurt
    [ $shell = zsh ] || file=$pages/zurt.fish
    [ -s "$file" ] || fail "no completion for $shell"
    for command in $commands; do
        for option in $(options "$command"); do
            grep -q -- "${option#--}" "$file" || fail "$file lacks $option"
        done
    done
    ! command -v $shell >/dev/null || $shell -n "$file" || fail "$shell does not read $file"
done
