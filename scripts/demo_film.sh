# shellcheck shell=bash
# Sourced by scripts/demo: one film, watched by measurement alone; seven questions and the timeline as one HTML page.

archive=$demo/demo.reel
page=$demo/timeline.html
rm -rf "$archive" "$page"

sample=
if [[ -z $video ]]; then
  sample=1
  video=$demo/mara.mp4
  quietly build/log/draw.log "drawing the sample film" scripts/draw_sample_film "$video"
  say
  say "$video was drawn with FFmpeg: three minutes, five scenes, sound, subtitles."
  say "What it holds is written in scripts/draw_sample_film; the answers below are compared with that."
fi

reelgraph -a "$archive" ingest "$video"

wrong=0
# The answer must cite each span FROM-TO (seconds, within one) of the rest of the arguments.
cites_spans() {
  local json=$1
  shift
  tr -d ' \n' <<<"$json" | grep -oE '"start":[0-9.]+,"end":[0-9.]+' | tr -c '0-9.\n' ' ' |
    awk -v wanted="$*" '
      function near(a, b) { return a - b < 1 && b - a < 1 }
      { start[NR] = $1; end[NR] = $2 }
      END {
        n = split(wanted, want, " ")
        for (i = 1; i <= n; i++) {
          split(want[i], w, "-")
          found = 0
          for (j = 1; j <= NR; j++) if (near(start[j], w[1]) && near(end[j], w[2])) found = 1
          if (!found) exit 1
        }
      }'
}
# ask QUESTION TRUTH CHECK...: asks for people to read; of the sample film, checks the same answer's JSON.
ask() {
  local question=$1 truth=$2 status=0 json
  shift 2
  reelgraph -a "$archive" ask "$question" || status=$?
  ((status <= 1)) || exit "$status" # 1 is an honest "nothing found"
  [[ $sample ]] || return 0
  json=$(build/release/reelgraph -a "$archive" --json ask "$question") || true
  if [[ $1 == says ]]; then
    if grep -qF "$2" <<<"$json" && grep -qF '"answered"' <<<"$json"; then status=0; else status=1; fi
  elif cites_spans "$json" "$@"; then status=0; else status=1; fi
  if ((status == 0)); then
    say "    right: the film was drawn with $truth"
  else
    say "    WRONG: the film was drawn with $truth"
    wrong=$((wrong + 1))
  fi
}

ask "When does the picture cut?" "cuts at 0:30, 1:02, 1:42 and 2:20" 30-30 62-62 102-102 140-140
ask "When is nothing moving?" "a street that is empty from 1:00 and a storeroom where nothing moves until 1:42" 60-102
ask "When is it silent?" "no sound from 1:10 to 1:35" 70-95
ask "What was taken away, and when was it put back?" "a crate that is carried away at 0:10.5 and put back at 0:23.5" 10.5-10.5 23.5-23.5
ask "Which way does the red one go?" "a red car that goes to the right" says "moving right"
ask "When does something stop?" "a blue car that stands from 0:52 to 0:56" 52-52
if [[ $sample ]]; then
  ask "What is said about the silver key?" "that subtitle at 2:25" says "The lighthouse keeper gives Mara the silver key"
else
  ask "What is said at the beginning?" ""
fi

reelgraph -a "$archive" timeline --format html -o "$page"
[[ -s $page ]] || die "no timeline was written to $page"

say
say "The timeline with its pictures, to open in a browser: $root/$page"
say
say "Next, with the same archive ($archive):"
say "  build/release/reelgraph -a $archive timeline"
say "  build/release/reelgraph -a $archive ask \"When is it loud?\" --explain"
say "  build/release/reelgraph -a $archive frame --video $(basename "${video%.*}") --at 0:05 -o $demo/frame.jpg"
say "  scripts/demo YOUR-VIDEO.mp4"
if ((wrong)); then die "$wrong of 7 answers do not fit the film"; fi
