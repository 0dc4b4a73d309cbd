#pragma once
// What a profile may tune of the `signals` captioner.

#include <nlohmann/json.hpp>
#include <string>

namespace reelgraph::captioner::signals {

struct Options {
  double sensitivity = 1;       ///< 0.1..10: 2 reports movement half as large, and things half as different from the background
  double minimum_size = 0.005;  ///< share of the picture that a thing must fill once, to be followed, 0.001..0.5
  double loud_over_db = 12;     ///< louder than what was usual before by this much is loud, 3..60
  double silent_db = -50;       ///< below this level is silence, dB of full scale, -110..-20
  int events_per_minute = 120;  ///< most of one type; 1..1000
};

/// @param table the profile's `signals` table; unknown keys and values out of range are refused
/// @throws base::Error kBadInput naming the key and what it may be
[[nodiscard]] Options parse_options(const nlohmann::json& table, const std::string& where);

/// Everything that changes what is reported, as stable text: part of the captioner's identity.
[[nodiscard]] std::string describe(const Options& options);

}  // namespace reelgraph::captioner::signals
