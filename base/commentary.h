#pragma once
// How a domain's happenings are told as they happen: what matters, and the words for it. A part of a profile, so that another sport or
// another language is another file.

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/profile.h"

namespace reelgraph::base {

/// A kind of happening. An event is of the first topic that fits it; what fits none is not told.
struct CommentaryTopic {
  std::string name;
  std::vector<std::string> types;                   ///< of events
  nlohmann::json where = nlohmann::json::object();  ///< conditions on attributes, as of a phrase
  std::string family;                               ///< what it counts as ("shot" for every kind of shot); never empty
  std::vector<std::string> also;                    ///< further families that it counts as ("on_target")
  double importance = 0;                            ///< 0..100; 0: counted, never told by itself
  std::string measure;                              ///< attribute with a number in 0..1 that makes it more important; may be empty
  double measure_weight = 0;                        ///< importance that a measure of 1 adds
  bool always = false;                              ///< told, whatever else happens
  std::string joins;                                ///< told together with an event of this topic at the same instant by the same agent
  std::vector<std::string> follow;                  ///< recaps said after it, in styles that are dense
  double stale_s = 6;                               ///< seconds after which it is old; unused where `always`
};

/// A part of a match with its own clock.
struct CommentaryStage {
  std::string name;  ///< as it is said ("first half")
  std::string type;  ///< it begins with the first event of this type ...
  nlohmann::json where = nlohmann::json::object();
  double minute = 0;   ///< what the clock shows then
  double minutes = 0;  ///< its regular length; 0: open
};

/// How much is said.
struct CommentaryStyle {
  std::string name;
  double least = 0;           ///< importance below which nothing is told
  double pause_s = 1;         ///< silence before what is not important
  double quiet_s = 10;        ///< seconds without anything important before a look back
  double words_per_s = 2.4;   ///< at most
  bool dense = true;          ///< looks back in quiet stretches; else at the ends of stages only
};

/// A look back, computed from what has happened up to then.
struct CommentaryRecap {
  std::string name;
  std::string kind;                   ///< compare, share, leader, latest, since, streak, after, score
  std::vector<std::string> families;  ///< what is counted
  std::string mark;                   ///< of `after`: family of the happening since which it is counted; of `latest`: what the agent tried before
  double minutes = 0;                 ///< how far it looks back; 0: to the start (`since`: the least time gone by)
  double at_least = 3;                ///< least count to speak of
  double every_min = 10;              ///< minutes between two of it
  double importance = 20;
  bool summary = false;               ///< said at the ends of stages, too
};

/// Ways to say one topic or recap.
struct CommentaryLines {
  std::string of;                   ///< topic or recap; "interval" and "end" close a stage and the video
  std::vector<std::string> styles;  ///< empty: all
  std::vector<std::string> when;    ///< "flag", "!flag", "name=value", "name>number", "name<number"; all must hold
  std::vector<std::string> say;     ///< templates: {slot}, {number|singular|plural}, <word>
};

/// Never changed once read.
struct Commentary {
  std::string profile;       ///< name of the profile that it is of
  std::string language;      ///< as a voice is called ("en-gb")
  std::string agent, side;   ///< roles
  std::optional<Tally> score;  ///< what is counted for the sides
  std::string pass;          ///< family whose unbroken run by one side makes {chain}; may be empty
  std::string twin;          ///< how two of one name are told apart: {name}, {nth}
  std::vector<CommentaryTopic> topics;
  std::vector<CommentaryStage> stages;
  std::vector<CommentaryStyle> styles;
  std::vector<CommentaryRecap> recaps;
  std::vector<CommentaryLines> lines;
  std::vector<std::pair<std::string, std::vector<std::string>>> words;  ///< <word> -> ways to say it
  std::vector<std::pair<std::string, std::string>> short_names;         ///< of entities, once introduced
  std::vector<std::string> particles;                                   ///< parts of a surname ("de", "van"), lower case
  std::vector<std::string> numbers, ordinals;                           ///< 0, 1, 2, ... and 1st, 2nd, ... in words; beyond: digits
};

}  // namespace reelgraph::base
