#include "captioner/signals/options.h"

#include "base/error.h"

namespace reelgraph::captioner::signals {
namespace {

[[noreturn]] void refuse(const std::string& where, const std::string& message, const std::string& cure) {
  throw base::Error(base::ErrorCode::kBadInput, message, where, cure);
}

double number(const nlohmann::json& value, const std::string& key, double least, double most, const std::string& where) {
  const auto text = [](double v) { return nlohmann::json(v).dump(); };
  if (!value.is_number() || !(value.get<double>() >= least && value.get<double>() <= most)) {
    refuse(where, "signals." + key + " is not a number from " + text(least) + " to " + text(most), "correct or remove it");
  }
  return value.get<double>();
}

}  // namespace

Options parse_options(const nlohmann::json& table, const std::string& where) {
  Options options;
  if (table.is_null()) return options;
  if (!table.is_object()) refuse(where, "signals is not a table", "write it as [signals] with keys below");
  for (const auto& [key, value] : table.items()) {
    if (key == "sensitivity") {
      options.sensitivity = number(value, key, 0.1, 10, where);
    } else if (key == "minimum_size") {
      options.minimum_size = number(value, key, 0.001, 0.5, where);
    } else if (key == "loud_over_db") {
      options.loud_over_db = number(value, key, 3, 60, where);
    } else if (key == "silent_db") {
      options.silent_db = number(value, key, -110, -20, where);
    } else if (key == "events_per_minute") {
      if (!value.is_number_integer()) refuse(where, "signals.events_per_minute is not a whole number", "write 1 to 1000");
      options.events_per_minute = static_cast<int>(number(value, key, 1, 1000, where));
    } else {
      refuse(where, "unknown key signals." + key, "known keys: sensitivity, minimum_size, loud_over_db, silent_db, events_per_minute");
    }
  }
  return options;
}

std::string describe(const Options& options) {
  return nlohmann::json({{"events_per_minute", options.events_per_minute},
                         {"loud_over_db", options.loud_over_db},
                         {"minimum_size", options.minimum_size},
                         {"sensitivity", options.sensitivity},
                         {"silent_db", options.silent_db}})
      .dump();
}

}  // namespace reelgraph::captioner::signals
