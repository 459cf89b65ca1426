# docs/commands.md has every option that --help prints, under its command, and no other.
doc=$ZURT_SOURCE/docs/commands.md
for command in $(zurt --help | awk '/^  [a-z]/ { print $1 }'); do
    zurt "$command" --help | grep -v -e "^  -h, --help" | grep -oE -- '--[a-z][a-z0-9-]+' | sort -u >help
    awk -v title="## zurt $command" '$0 == title { on = 1; next } /^## / { on = 0 } on' "$doc" |
        grep -oE -- '--[a-z][a-z0-9-]+' | sort -u >doc
    [ -s doc ] || fail "docs/commands.md has no section '## zurt $command'"
    diff help doc >differ || fail "zurt $command: --help (left) and docs/commands.md differ
$(cat differ)"
done
