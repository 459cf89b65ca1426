# Every option of every command that wants a number, a word or a form refuses another value: exit 2,
# and one form of words, that of its man page.
pages=$ZURT_BUILD/apps/zurt/pages
wants() { # COMMAND: "OPTION<tab>what it wants", a line each, as the page says
    sed 's/\\-/-/g; s/\\fB//g; s/\\fI//g; s/\\fR//g' "$pages/zurt-$1.1" | awk '
        /^(-[a-z], )?--[a-z]/ { for (i = 1; i <= NF; i++) if ($i ~ /^--/) { option = $i; break } }
        /^Wants / { sub(/^Wants /, ""); sub(/\.$/, ""); print option "\t" $0 }'
}
refuses() { # COMMAND OPTION FORM VALUE
    exits 2 zurt "$1" "$2" "$4"
    empty out
    grep -qF -- "zurt $1: $2 wants $3, not '$4' (zurt $1 --help)" err ||
        fail "zurt $1 $2 '$4' says: $(cat err), not that it wants $3"
}
n=0
for command in $(zurt --help | awk '/^  [a-z]/ { print $1 }'); do
    wants "$command" >"$command.wants"
    while IFS=$'\t' read -r option form <&3; do
        n=$((n + 1))
        case $form in
        "a folder") values=("") ;; # any text is a folder's name
        "a whole number"*) values=(x "" -1 1.5 99999999999999999999 " 1") ;;
        "a number"*) values=(x "" -1 nan inf 1e99 1x) ;;
        *) values=(no-such "") ;;
        esac
        for value in "${values[@]}"; do
            refuses "$command" "$option" "$form" "$value"
        done
        case $form in
        *"number from "*) # just outside
            low=${form#*from } low=${low%% *}
            high=${form##* }
            [ "$low" = 0 ] || refuses "$command" "$option" "$form" 0
            refuses "$command" "$option" "$form" "${high}9"
            ;;
        esac
    done 3<"$command.wants"
    rm "$command.wants"
done
[ "$n" -ge 70 ] || fail "only $n options were found in the pages"
rm -f out err
