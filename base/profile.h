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

struct Profile {
  std::string name;
  std::string description;
  std::vector<Term> entity_types;
  std::vector<Term> event_types;
  std::vector<Term> roles;
  std::vector<Zone> zones;
  std::string prompt;  ///< task words for a vision-language model
  std::vector<Example> examples;
  nlohmann::json signals = nlohmann::json::object();  ///< options of the `signals` captioner, checked there
  std::string digest;                                 ///< content hash: part of the prompt version
};

}  // namespace reelgraph::base
