# Every command explains itself on stdout; nothing asked for is a usage error.
zurt --help >all
zurt help | cmp - all
for command in $(awk '/^  [a-z]/ { print $1 }' all); do
    exits 0 zurt "$command" --help
    says "^usage: zurt $command " out
    empty err
done
[ "$(grep -c '^  [a-z]' all)" -ge 8 ] || fail "too few commands in zurt --help"
exits 2 zurt
empty out
exits 2 zurt frobnicate
says "no command 'frobnicate'" err
zurt --version
