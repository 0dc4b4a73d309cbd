# shellcheck shell=bash
# Sourced by scripts/demo: a warehouse and a match whose truth is known, watched by the model in models/sim; eight questions with the truth
# beside the answers, both reports, and one page with pictures.

archive=$demo/simulated.reel
page=$demo/demo.html
rm -rf "$archive" "$page" "$demo/hall" "$demo/game" "$demo/pictures"
mkdir -p "$demo/pictures"
sim=build/release/reelgraph-sim

# film NAME WHAT ARGUMENTS...: two of them at a time, one core each.
film() {
  local name=$1
  shift
  quietly "build/log/$name.log" "filming $demo/$name (reelgraph-sim $*)" "$sim" "$@" -o "$demo/$name" --force -q
}
film hall warehouse --seed 7 --minutes 10 &
filming=$!
film game match --seed 9 --minutes 3
wait "$filming"
say
say "Both films are simulated: what happened in them is written beside them (truth.observations.jsonl) and not shown to reelgraph, which sees the"
say "pictures only. The model in models/sim says what is where in each picture; a tracker infers what happened (docs/tracking.md)."

for name in hall game; do
  reelgraph -a "$archive" ingest "$demo/$name/film.mp4" --id "$name" --captioner local:models/sim --profile "$demo/$name/profile.toml"
done

escaped() { sed 's/&/\&amp;/g; s/</\&lt;/g; s/>/\&gt;/g'; }

right=0 asked=0
rows=$demo/rows.part
: >"$rows"
# ask NAME WORDS: the first question with these words that the simulator asks of the film.
ask() {
  local line question truth answer verdict
  line=$(grep -m 1 "\"question\":\"[^\"]*$2" "$demo/$1/questions.jsonl") || die "the simulator asks nothing about \"$2\" of $1"
  question=$(sed -E 's/.*"question":"([^"]*)".*/\1/' <<<"$line")
  truth=$(sed -E 's/.*"value":("[^"]*"|\[[^]]*\]|[^,}]*).*/\1/' <<<"$line" | tr -d '"')
  case $line in *'"kind":"time"'* | *'"kind":"duration"'*) truth+=" s" ;; esac
  [[ $truth != null ]] || truth="nothing of the kind was to be seen"
  asked=$((asked + 1))
  answer=$(build/release/reelgraph -a "$archive" ask --video "$1" "$question") || (($? == 1)) # 1 is an honest "nothing found"
  printf '\n$ %s\n%s\n' "build/release/reelgraph -a $archive ask --video $1 \"$question\"" "$(sed -n 1,6p <<<"$answer")"
  printf '%s\n' "$line" >"$demo/one.jsonl"
  if build/release/reelgraph -a "$archive" --json eval "$demo/one.jsonl" | grep -q '"correct": *1'; then
    verdict=right right=$((right + 1))
  else
    verdict=WRONG
  fi
  say "    $verdict: the truth is $truth"
  printf '<tr class="%s"><td>%s</td><td>%s</td><td>%s</td><td>%s</td></tr>\n' "$verdict" "$(escaped <<<"$question")" "$(sed -n 1p <<<"$answer" | escaped)" \
    "$(escaped <<<"$truth")" "$verdict" >>"$rows"
}
# Of the match only what can be seen once a second: goals and restarts, not who passed to whom.
ask hall "first set down at storage"
ask hall "processed the most pallets"
ask hall "pick up more pallets than"
ask hall "longest waiting time"
ask hall "in total was"
ask game "corner kicks"
ask game "throw-ins"
ask game "first goal scored"
rm -f "$demo/one.jsonl"

reelgraph -a "$archive" report bottlenecks --video hall --format html -o "$demo/bottlenecks.html"
build/release/reelgraph -a "$archive" report bottlenecks --video hall | sed -n 1,20p
reelgraph -a "$archive" report commentary --video game -o "$demo/commentary.txt"
sed -n 1,12p "$demo/commentary.txt"

pictures=$demo/pictures.part
: >"$pictures"
show() {
  local file=$demo/pictures/$1-${2//:/-}.jpg
  build/release/reelgraph -q -a "$archive" frame --video "$1" --at "$2" --overlay -o "$file" >/dev/null
  printf '<figure><img alt="" src="data:image/jpeg;base64,%s"><figcaption>%s at %s</figcaption></figure>\n' "$(base64 -w0 "$file")" "$1" "$2" >>"$pictures"
}
for at in 0:40 2:10 4:00 5:30 7:15 9:00; do show hall $at; done
for at in 0:30 1:30 2:30; do show game $at; done

{
  cat <<'HTML'
<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>reelgraph: what it saw</title>
<style>
body { margin: 0 auto; max-width: 1180px; padding: 24px 20px 60px; font: 15px/1.45 system-ui, sans-serif; color: #1c2733; background: #f3f5f8; }
.pictures { display: grid; grid-template-columns: repeat(auto-fill, minmax(340px, 1fr)); gap: 12px; }
figure { margin: 0; background: #fff; border: 1px solid #d9e0e7; border-radius: 8px; overflow: hidden; break-inside: avoid; }
img { display: block; width: 100%; } figcaption { padding: 6px 10px; }
table { width: 100%; border-collapse: collapse; background: #fff; } td, th { text-align: left; vertical-align: top; padding: 6px 10px; border: 1px solid #d9e0e7; }
tr.WRONG td { background: #fbeae7; }
</style></head><body>
<h1>What reelgraph saw</h1>
<p>Two simulated films, watched once by the small model in <code>models/sim</code>, which knows the simulator only. A mark is where the model said that
something stands; what happened follows from the marks by rules. The truth beside each answer is the simulator's; reelgraph did not see it.</p>
<h2>Answers</h2>
<table><tr><th>Question</th><th>Answer</th><th>Truth</th><th></th></tr>
HTML
  cat "$rows"
  printf '</table>\n<p><a href="bottlenecks.html">The bottleneck report of the hall</a>, <a href="commentary.txt">the commentary of the game</a></p>\n<h2>Pictures</h2>\n<div class="pictures">\n'
  cat "$pictures"
  printf '</div></body></html>\n'
} >"$page"
rm -f "$rows" "$pictures"

say
say "$right of $asked answers fit the truth. The page with pictures, to open in a browser: $root/$page"
say "The bottleneck report: $root/$demo/bottlenecks.html"
say
say "Next, with the same archive ($archive):"
say "  build/release/reelgraph -a $archive ask --video hall \"Which forklift was idle the longest?\" --explain"
say "  build/release/reelgraph -a $archive frame --video hall --at 5:00 --overlay -o $demo/frame.png"
say "  scripts/demo YOUR-VIDEO.mp4"
# The model is small and does not see everything (models/sim/README.md); fewer than this, and something is broken.
if ((right * 4 < asked)); then die "only $right of $asked answers fit the truth"; fi
