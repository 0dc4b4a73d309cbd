#pragma once
// What the definition of an option says, for the completions and the manual.

#include <CLI/App.hpp>
#include <string>
#include <vector>

namespace reelgraph::cli {

struct OptionFacts {
  std::vector<std::string> names;    ///< "-a", "--archive"; empty for a positional one
  std::string positional;            ///< "PATH"
  std::string value;                 ///< what it takes ("FILE"); empty for a flag
  std::vector<std::string> choices;  ///< the only values, if they are few
  std::string description;
  bool required = false;
};

/// Options of a command as they are shown: those of no group (not in this version) are left out.
[[nodiscard]] inline std::vector<OptionFacts> options_of(const CLI::App& app) {
  std::vector<OptionFacts> options;
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_group().empty()) continue;
    OptionFacts facts;
    for (const std::string& name : option->get_snames()) facts.names.push_back("-" + name);
    for (const std::string& name : option->get_lnames()) facts.names.push_back("--" + name);
    if (option->get_positional()) facts.positional = option->get_name(true, false);
    facts.description = option->get_description();
    facts.required = option->get_required();
    if (option->get_items_expected_max() > 0) {
      // CLI11 writes choices behind the type's name: "FORMAT:{text,html}".
      const std::string type = option->get_type_name();
      const std::size_t open = type.find(":{"), close = type.rfind('}');
      facts.value = type.substr(0, type.find(':'));
      if (facts.value.empty() && facts.positional.empty()) facts.value = "VALUE";
      if (open != std::string::npos && close != std::string::npos && close > open) {
        std::string word;
        for (const char c : type.substr(open + 2, close - open - 2) + ",") {
          if (c == ',') {
            facts.choices.push_back(word);
            word.clear();
          } else {
            word += c;
          }
        }
      }
    }
    options.push_back(std::move(facts));
  }
  return options;
}

/// Those of its subcommands, too, each name once; and the subcommands as the choices of a positional word.
[[nodiscard]] inline std::vector<OptionFacts> options_with_subcommands(const CLI::App& app) {
  std::vector<OptionFacts> options = options_of(app);
  OptionFacts kinds;
  for (const CLI::App* sub : app.get_subcommands({})) {
    kinds.choices.push_back(sub->get_name());
    for (OptionFacts& option : options_of(*sub)) {
      bool known = false;
      for (const OptionFacts& other : options) known = known || (!option.names.empty() && other.names == option.names);
      if (!known) options.push_back(std::move(option));
    }
  }
  if (!kinds.choices.empty()) {
    kinds.positional = "KIND";
    options.push_back(std::move(kinds));
  }
  return options;
}

}  // namespace reelgraph::cli
