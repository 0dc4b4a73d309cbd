// Closed classes of English words that the reader of questions goes by; words of a domain come from the profiles.
#include <unordered_set>

#include "query/parser.h"

namespace reelgraph::query::parsing {

bool is_filler(const Word& w) {
  static const std::unordered_set<std::string_view> words = {
      "already",    "here",       "part",        "stage",        "stages",        "juncture", "begun",       "session",
      "sessions",   "incident",   "incidents",   "episode",      "episodes",      "bout",     "bouts",       "case",
      "cases",      "occurrence", "occurrences", "mins",         "secs",          "min",      "hrs",         "instant",
      "anywhere",   "somewhere",  "told",        "overlapping",  "actually",      "even",     "single",      "manage",
      "manages",    "managed",    "logged",      "noted",        "recorded",      "day",      "altogether",  "put",
      "together",   "all",        "over",        "across",       "archive",       "whole",    "start",       "starts",
      "starting",   "started",    "begin",       "begins",       "beginning",     "began",    "end",         "ended",
      "finished",   "fully",      "completely",  "just",         "right",         "shortly",  "immediately", "directly",
      "exactly",    "there",      "thing",       "things",       "event",         "events",   "activity",    "activities",
      "bit",        "spell",      "spells",      "go",           "goes",          "going",    "on",          "still",
      "also",       "both",       "either",      "either",       "every",         "each",     "per",         "only",
      "once",       "twice",      "one",         "ones",         "person",        "people",   "someone",     "somebody",
      "anyone",     "anybody",    "adding",      "counting",     "everything",    "everyone", "everybody",   "footage",
      "clip",       "clips",      "video",       "videos",       "film",          "camera",   "cameras",     "recording",
      "recordings", "six",        "visible",     "seen",         "see",           "shows",    "show",        "caught",
      "catch",      "take",       "takes",       "took",         "taken",         "taking",   "make",        "makes",
      "made",       "making",     "have",        "having",       "had",           "given",    "give",        "gave",
      "receive",    "received",   "receives",    "picked",       "pick",          "get",      "gets",        "got",
      "came",       "come",       "comes",       "happen",       "happens",       "happened", "happening",   "occur",
      "occurs",     "occurred",   "did",         "do",           "does",          "time",     "times",       "total",
      "overall",    "number",     "many",        "much",         "long",          "often",    "lasted",      "last",
      "lasts",      "another",    "else",        "other",        "name",          "names",    "list",        "please",
      "tell",       "me",         "show",        "shown",        "whilst",        "anything", "something",   "nothing",
      "seconds",    "minutes",    "second",      "minute",       "hour",          "hours",    "not",         "no",
      "never",      "perform",    "performed",   "him",          "them",          "first",    "point",       "moment",
      "instances",  "instance",   "occasions",   "occasion",     "amount",        "member",   "contain",     "contains",
      "include",    "includes",   "feature",     "features",     "involved",      "involve",  "spent",       "spend",
      "passed",     "elapsed",    "went",        "again",        "lasting",       "stretch",  "period",      "wait",
      "gap",        "interval",   "duration",    "length",       "stay",          "stays",    "stayed",      "remain",
      "remains",    "remained",   "very",        "roughly",      "approximately", "approx",   "precisely",   "really",
      "actually",   "eventually", "finally",     "basically",    "overall",       "simply",   "quite",       "alone",
      "amongst",    "among",      "altogether",  "successfully", "saw",           "sees",     "witness",     "witnessed",
      "pause",      "lull",       "delay",
  };
  return is_stop_word(w.folded) || words.contains(w.folded) || is_light_word(w);
}

bool is_operator(const std::string& w) {
  static const std::unordered_set<std::string_view> words = {
      "after",   "before", "since",    "until",   "till",        "during",   "while",   "between", "than",       "most",    "more",
      "less",    "fewer",  "fewest",   "least",   "longest",     "shortest", "average", "same",    "instead",    "if",      "versus",
      "later",   "next",   "previous", "mean",    "consecutive", "except",   "besides", "twice",   "meanwhile",  "overlap", "overlaps",
      "earlier", "sooner", "biggest",  "highest", "lowest",      "largest",  "never",   "without", "not",        "no",      "nobody",
      "none",    "both",   "per",      "why",     "neither",     "nor",      "didn't",  "wasn't",  "percentage", "percent", "share",
      "ratio",   "rate",   "half",     "each",    "other",       "or"};
  return words.contains(w);
}

bool is_participle(const Word& w) {
  static const std::unordered_set<std::string_view> words = {
      "sent", "shown",  "put",    "taken",  "brought", "given",  "hit",    "thrown", "withdrawn", "won",
      "lost", "caught", "made",   "shut",   "left",    "stolen", "ridden", "driven", "found",     "set",
      "held", "hurt",   "beaten", "broken", "cut",     "laid",   "read",   "bought", "worn",      "subbed"};
  return words.contains(w.folded) || (w.folded.size() > 3 && w.folded.ends_with("ed"));
}

}  // namespace reelgraph::query::parsing
