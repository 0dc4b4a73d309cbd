#pragma once
// The words of a domain: what may be seen, how it is called, how it is asked for. Loaded from TOML by the captioner's folder.

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/observation.h"

namespace reelgraph::base {

/// A type name with the other words people use for it ("goal": "score", "find the net").
struct Term {
  std::string name;                   ///< snake_case
  std::string description;            ///< one phrase, used in prompts and `--help`
  std::vector<std::string> synonyms;  ///< single words or phrases, lower case
  std::vector<std::string> roles;     ///< event types only: roles that take part
};

/// A named part of the picture: polygon in 0..1 of the upright frame.
struct Zone {
  std::string name;
  std::vector<std::pair<double, double>> polygon;
  std::vector<std::string> synonyms;
};

struct Example {
  std::string input;   ///< what the model would be shown, in words
  std::string output;  ///< the observation it should give, JSON text
  std::vector<std::string> images;
};

/// Words for more than a type: event types with conditions on their attributes, and who plays which part in the sentence.
/// A pattern is words in their order, with small words and names allowed between them; `{class}` is any word of that class, and a pattern
/// that begins with `*` is meant in any order.
struct Phrase {
  std::vector<std::string> words;
  std::vector<std::string> types;
  nlohmann::json where = nlohmann::json::object();  ///< attribute -> value, list of values, true (is there) or false (is not there)
  std::string subject;                              ///< role of the grammatical subject in active voice; empty: `agent`
  std::string object;                               ///< role of the object, which is the subject in passive voice
  bool qualifies = false;                           ///< beside another event it only adds its conditions ("headed goals")
  std::string other = {};                           ///< role of who follows "for" or "instead of"; empty: that of the object
  bool against = false;                             ///< it is the other side that does it ("concede a goal")
};

/// A named part of a video that begins with the first event of a type with certain attributes ("second half": kick_off with half = 2).
struct Period {
  std::vector<std::string> words;
  std::string type;
  nlohmann::json where = nlohmann::json::object();
  double from_minute = 0;  ///< counted from the period's begin; may be negative
  double to_minute = 0;    ///< 0: to its end
};

/// A running count by side ("score"): what makes a side be ahead, level or behind is computed from its events.
struct Tally {
  std::string name;
  std::string type;                                      ///< of the events that are counted
  std::string side;                                      ///< role of the side it counts for
  nlohmann::json other_side = nlohmann::json::object();  ///< attributes of events that count for the other side ("own_goal" = true)
  std::vector<std::pair<std::string, std::vector<std::string>>> words;  ///< ahead, level, behind, opener, equaliser, winner, won, ...
};

/// Other names of an entity that everybody in the domain knows ("Hammers").
struct Nickname {
  std::string name;
  std::vector<std::string> words;
};

struct Profile {
  std::string name;
  std::string description;
  std::vector<Term> entity_types;
  std::vector<Term> event_types;
  std::vector<Term> roles;
  std::vector<Zone> zones;
  std::vector<Phrase> phrases;
  std::vector<Period> periods;
  std::vector<Tally> tallies;
  std::vector<Nickname> nicknames;
  std::vector<std::pair<std::string, std::vector<std::string>>> classes;  ///< of words, for patterns of phrases
  std::vector<std::string> fillers;   ///< words that add nothing to a question of this domain ("muster" a shot)
  std::vector<std::string> videos;    ///< what a video is called ("match")
  std::vector<std::string> speakers;  ///< who is heard ("commentator")
  std::string prompt;                 ///< task words for a vision-language model
  std::vector<Example> examples;
  nlohmann::json signals = nlohmann::json::object();  ///< options of the `signals` captioner, checked there
  nlohmann::json tracking;                            ///< rules of chunker/tracking, checked there; null: none
  std::string digest;                                 ///< content hash: part of the prompt version
};

}  // namespace reelgraph::base
