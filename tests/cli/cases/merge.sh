# Shards of a set of samples: their results add up to that of all, to the byte.
zurt eval "$SMALL" --data "$EVAL" --json >whole
json whole 'o["shard"] == "1/1"' 'o["data_samples"] == 500' 'o["top1_count"] == round(o["top1"] * 500)' \
    'o["top5_count"] == round(o["top5"] * 500)' 'len(o["outputs_sha256"]) == 64'
for n in 1 3 7; do
    rm -f part*
    for ((i = 1; i <= n; i++)); do
        zurt eval "$SMALL" --data "$EVAL" --shard $i/$n --json >part$i
    done
    zurt merge part* --json | cmp - whole
done
# shellcheck disable=SC2046
zurt merge $(printf '%s\n' part* | sort -r) --json | cmp - whole
zurt eval "$SMALL" --data "$EVAL" --files >text
zurt merge part* --files | cmp - text
json part3 'o["shard"] == "3/7"' 'o["samples"] == 72' 'o["data_samples"] == 500' \
    'all(142 <= f["sample"] < 214 for f in o["files"])'

# More shards than samples: some are empty.
rm -f part*
for i in 1 2 3 4 5; do
    zurt eval "$SMALL" --data "$EVAL" --limit 3 --shard $i/5 --json >part$i
done
zurt eval "$SMALL" --data "$EVAL" --limit 3 --json >three
zurt merge part* --json | cmp - three

# The digest is that of the outputs: of each sample its own, of another model another.
python3 - "$(command -v zurt)" "$SMALL" "$EVAL" <<'EOF' || [ $? = 127 ]
import hashlib, json, subprocess, sys, glob
zurt, model, data = sys.argv[1:]
run = lambda *a: subprocess.run([zurt, *a], check=True, capture_output=True).stdout
want = 0
for i in range(3):
    run("run", model, f"{data}#{i}", "-o", f"o{i}")
    raw, = glob.glob(f"o{i}.*")
    want ^= int.from_bytes(hashlib.sha256(i.to_bytes(8, "little") + open(raw, "rb").read()).digest(), "big")
three = json.load(open("three"))
assert int(three["outputs_sha256"], 16) == want, three["outputs_sha256"]
assert three["model_sha256"] == hashlib.sha256(open(model, "rb").read()).hexdigest()
EOF

# Samples that cannot be read count, as they do in eval.
mkdir -p photos/7 photos/3
for i in a b c; do
    cp "$ZURT_SOURCE/tests/cli/seven.jpg" photos/7/$i.jpg
    cp "$ZURT_SOURCE/tests/cli/seven.jpg" photos/3/$i.jpg
done
echo no picture >photos/7/b.jpg
exits 3 zurt eval "$SMALL" --data dir:photos --json
mv out whole
for i in 1 2; do
    exits $((i == 2 ? 3 : 0)) zurt eval "$SMALL" --data dir:photos --shard $i/2 --json
    mv out part$i
done
exits 3 zurt merge part2 part1 --json
cmp out whole
says "1 of 6 samples could not be read" err
exits 3 zurt merge part2 part1
says "60.00 % top-1|40.00 % top-1" out

# Where pictures lie does not matter; which ones there are does.
mkdir elsewhere
cp -r photos elsewhere/tree
for i in 1 2; do
    zurt eval "$SMALL" --data dir:elsewhere/tree --shard $i/2 --json >moved$i || [ $? = 3 ]
done
exits 3 zurt merge part1 moved2 --json
json out "o['samples'] == 5"
mv elsewhere/tree/3/c.jpg elsewhere/tree/3/d.jpg
zurt eval "$SMALL" --data dir:elsewhere/tree --shard 2/2 --json >moved2 2>err || [ $? = 3 ]
exits 3 zurt merge part1 moved2
says "part1 and moved2 are of different data \(data_sha256\)" err

# The names of a shard's files.
zurt eval "$SMALL" --data dir:photos --list0 | tr '\0' '\n' >names
printf 'photos/%s.jpg\n' 3/a 3/b 3/c 7/a 7/b 7/c | cmp - names
zurt eval "$SMALL" --data dir:photos --shard 2/3 --list0 | tr '\0' '\n' >names
printf 'photos/%s.jpg\n' 3/c 7/a | cmp - names
exits 4 zurt eval "$SMALL" --data "$EVAL" --list0
says "are not files of their own" err
exits 2 zurt eval "$SMALL" --data "$EVAL" --list0 --json

# What does not belong together is refused by name.
refuses() { # PATTERN FILE...
    local pattern=$1
    shift
    exits 3 zurt merge "$@"
    says "$pattern" err
    empty out
}
shard() { # FILE MODEL OPTIONS...
    local file=$1 model=$2
    shift 2
    zurt eval "$model" --data "$EVAL" --limit 40 --json "$@" >"$file"
}
for i in 1 2 3; do
    shard s$i "$SMALL" --shard $i/3
done
refuses "1 of 3 shards missing, the first is 2/3: .zurt eval --shard 2/3 --json. makes it" s1 s3
refuses "2 of 3 shards missing, the first is 1/3" s3
refuses "1 of 3 shards missing, the first is 3/3" s1 s2
cp s2 again
refuses "again and s2 are both shard 2/3|s2 and again are both shard 2/3" s1 s2 s3 again
refuses "both shard 2/3" s1 s2 again
shard other "$CNN" --shard 2/3
refuses "s1 and other are of different models \(model_sha256\): '[0-9a-f]{64}' and" s1 other s3
shard other "$SMALL" --shard 2/4
refuses "s1 and other are of different partitions \(shard\): '1/3' and '1/4'" s1 other s3
shard other "$SMALL" --shard 2/3 --layout nhwc
refuses "s1 and other are of different options: 'layout nchw, exif' and 'layout nhwc, exif'" s1 other s3
zurt eval "$SMALL" --data "$EVAL" --limit 41 --shard 2/3 --json >other
refuses "s1 and other are of different data \(data_samples\): '40' and '41'" s1 other s3
zurt eval "$SMALL" --data "$CALIB" --limit 40 --shard 2/3 --json >other
refuses "s1 and other are of different data \(data_sha256\)" s1 other s3
shard f1 "$MODELS/mnist_small.onnx" --shard 1/2 --input-norm 0.1/0.3
shard f2 "$MODELS/mnist_small.onnx" --shard 2/2
refuses "different options: 'fit crop.* 0.1[0-9]*/0.3[0-9]*,.*' and 'fit crop.* 0/1," f1 f2

# The label is no part of the model's file, a class is of the data.
shard other "$SMALL" --shard 2/3 --label-offset 1 --quiet
refuses "different data" s1 other s3

# Damage.
zurt eval "$SMALL" --data nowhere:x --json >failure || true
refuses "failure: holds a failure, not a result: DATA 'nowhere:x'" failure
head -c 300 s1 >cut
refuses "cut: byte [0-9]+: this is no JSON" cut
{ cat s1 && echo '{}'; } >twice
refuses "twice: byte [0-9]+: this is no JSON" twice
printf 'x\0y' >nul
refuses "nul: byte 1 is NUL" nul
: >void
refuses "void: byte 0: this is no JSON" void
echo '[]' >list
refuses "list: is no JSON object" list
echo '{"schema": 2}' >schema
refuses "schema: 'schema' is not 1" schema
printf '%*s' 3000 '' | tr ' ' '[' >deep
refuses "deep: byte [0-9]+: this is no JSON" deep
change() { # KEY VALUE: of the unharmed result
    sed "s|^ \"$1\": .*| \"$1\": $2,|" s1 >changed
    ! cmp -s s1 changed || fail "$1 is not there"
}
for row in 'samples|14' 'samples|12' 'samples|-13' 'samples|1e300' 'samples|12.5' 'samples|null' \
    'samples|"13"' 'labelled|14' 'labelled|12' 'top1_count|14' 'top5_count|0' 'shard|"0/3"' \
    'shard|"4/3"' 'shard|"1/3 "' 'shard|"1/99999999999999999999"' 'shard|1' 'data_samples|60' \
    'data_samples|1e18' 'unreadable|1' 'model|7' 'device|[]' 'options|null' \
    'model_sha256|"abc"' 'data_sha256|""' 'outputs_sha256|"XYZ"' 'confusion|[[13], [' \
    'data|{"a": 1}'; do
    change "${row%%|*}" "${row#*|}"
    refuses "^zurt merge: changed: ('[a-z0-9_]+' is not|byte [0-9]+: this is no JSON)" changed
done
for row in '"sample": [0-9]*|"sample": 13' '"label": [0-9]*|"label": -1' '"predicted": \[|"predicted": ["a", ' \
    '"file": null|"file": 3'; do
    shard wrong "$SMALL" --input-norm 0/1 --shard 1/1 --label-offset 1 --quiet
    sed "s/${row%%|*}/${row#*|}/" wrong >changed
    case $row in *13) sed -i 's/"sample": 13/"sample": 40/' changed ;; esac
    refuses "changed: '(sample|label|predicted|file)' is not" changed
done
exits 1 zurt merge nowhere.json
says "nowhere.json: No such file" err
exits 2 zurt merge
says "wants RESULT.json of every shard" err
exits 3 zurt merge cut --json
json out 'o["error"]["exit"] == 3'
for text in 0/3 4/3 1/0 3 1/ /3 a/b 1/3/5 -1/3 "1 /3" 1/65537; do
    exits 2 zurt eval "$SMALL" --data "$EVAL" --shard "$text"
    says "shard wants I/N.*not '$text'" err
done
