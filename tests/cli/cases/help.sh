# Every command explains itself on stdout; nothing asked for is a usage error.
zurt --help >all
zurt help | cmp - all
zurt -h | cmp - all
for command in $(awk '/^  [a-z]/ { print $1 }' all); do
    exits 0 zurt "$command" --help
    says "^usage: zurt $command " out
    says "^  -h, --help" out
    empty err
    [ "$(awk 'length > 100' out)" = "" ] || fail "zurt $command --help is wider than 100 columns"
    zurt "$command" -h | cmp - out
    zurt help "$command" | cmp - out
done
[ "$(grep -c '^  [a-z]' all)" -ge 8 ] || fail "too few commands in zurt --help"
exits 2 zurt
empty out
zurt --version >version
zurt -V | cmp - version

# What was perhaps meant.
guess() { # PATTERN ARGUMENTS...
    local pattern=$1
    shift
    exits 2 zurt "$@"
    empty out
    says "$pattern" err
}
guess "no command 'frobnicate' \(zurt --help\)$" frobnicate
guess "no command 'bechn'; did you mean 'bench'\?" bechn
guess "no command 'quantise'; did you mean 'quantize'\?" quantise
guess "no command 'x' \(" x
guess "no command 'comple'; did you mean 'compile'\?" help comple
guess "'--metod' is not an option; did you mean --method\?" compile m.onnx --metod mse
guess "'--calbi' is not an option; did you mean --calib\?" compile m.onnx --calbi=x
guess "'--frobnicate' is not an option \(" compile m.onnx --frobnicate
guess "'--calib' is an option of quantize and compile, not of run" run m.zurt --calib x
guess "'--input' could be --input-norm or --input-size" run m.zurt --input x
guess "--bgr takes no value: '--bgr=1'" run m.zurt --bgr=1
guess "'--top' lacks its value" run m.zurt --top
guess "'-o' lacks its value" run m.zurt -o
guess "'-x' is not an option" run m.zurt -x
guess "'-t' is not an option" run --quiet -top 3 m.zurt
exits 2 zurt bechn --json
json out 'o["command"] == "bechn"' 'o["error"]["status"] == "USAGE"' 'o["error"]["exit"] == 2'
cat version
exits 0 zurt bench --hel # as getopt_long reads it: a beginning that only one option has
