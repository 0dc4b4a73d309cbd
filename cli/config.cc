#include "cli/config.h"

#include <toml++/toml.h>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>

#include "base/error.h"
#include "base/utf8.h"
#include "base/write_file.h"

namespace reelgraph::cli {
namespace {

constexpr std::uintmax_t kLargestFile = 1 << 20;

const ConfigKey* find_key(std::string_view name) {
  for (const ConfigKey& key : config_keys()) {
    if (key.name == name) return &key;
  }
  return nullptr;
}

std::string all_keys() {
  std::string names;
  for (const ConfigKey& key : config_keys()) names += (names.empty() ? "" : ", ") + key.name;
  return "keys are " + names;
}

std::string number_text(double value) {
  return nlohmann::json(value == std::floor(value) ? nlohmann::json(static_cast<std::int64_t>(value)) : nlohmann::json(value)).dump();
}

void check(const ConfigKey& key, const nlohmann::json& value, const std::string& where) {
  const auto refuse = [&](const std::string& what) {
    throw base::Error(base::ErrorCode::kBadInput, key.name + " " + what, where, "reelgraph config set " + key.name + " VALUE");
  };
  if (key.type == "text" && !value.is_string()) refuse("must be a text in quotes");
  if (key.type == "switch" && !value.is_boolean()) refuse("must be true or false");
  if (key.type == "integer" && !value.is_number_integer()) refuse("must be a whole number");
  if (key.type == "number" && !value.is_number()) refuse("must be a number");
  if (key.type == "integer" || key.type == "number") {
    const double number = value.get<double>();
    if (!std::isfinite(number) || number < key.least || number > key.most)
      refuse("must lie between " + number_text(key.least) + " and " + number_text(key.most));
  }
  if (key.type == "text" && value.get_ref<const std::string&>().empty()) refuse("must not be empty");
}

nlohmann::json from_toml(const toml::node& node) {
  if (const auto* text = node.as_string()) return base::sanitize_utf8(text->get());
  if (const auto* number = node.as_integer()) return number->get();
  if (const auto* number = node.as_floating_point()) return number->get();
  if (const auto* flag = node.as_boolean()) return flag->get();
  return nullptr;  // tables, lists and dates fit no key
}

std::string read_whole(const std::filesystem::path& file) {
  std::error_code error;
  if (!std::filesystem::exists(file, error)) return {};
  if (!std::filesystem::is_regular_file(file, error)) throw base::Error(base::ErrorCode::kBadInput, "is no regular file", file.string());
  if (std::filesystem::file_size(file, error) > kLargestFile)
    throw base::Error(base::ErrorCode::kBadInput, "is too large for a config file", file.string());
  std::ifstream in(file, std::ios::binary);
  if (!in) throw base::Error(base::ErrorCode::kBadInput, "cannot be read: " + base::errno_text(errno), file.string());
  return {std::istreambuf_iterator<char>(in), {}};
}

toml::table parse_toml(const std::string& text, const std::string& where) {
  try {
    return toml::parse(text, where);
  } catch (const toml::parse_error& error) {
    throw base::Error(base::ErrorCode::kBadInput, std::string(error.description()), where + ":" + std::to_string(error.source().begin.line),
                      "mend the file or remove it");
  }
}

/// What the user typed, as a value of the key's type.
nlohmann::json typed(const ConfigKey& key, const std::string& value) {
  if (key.type == "text") return base::sanitize_utf8(value);
  if (key.type == "switch") {
    if (value == "true" || value == "yes" || value == "on") return true;
    if (value == "false" || value == "no" || value == "off") return false;
    return value;
  }
  const char* end = value.data() + value.size();
  if (key.type == "integer") {
    std::int64_t number = 0;
    const auto [stop, failure] = std::from_chars(value.data(), end, number);
    return failure == std::errc{} && stop == end ? nlohmann::json(number) : nlohmann::json(value);
  }
  double number = 0;
  const auto [stop, failure] = std::from_chars(value.data(), end, number);
  return failure == std::errc{} && stop == end ? nlohmann::json(number) : nlohmann::json(value);
}

}  // namespace

const std::vector<ConfigKey>& config_keys() {
  static const std::vector<ConfigKey> keys{
      {"archive", "text", "archive used when neither -a nor REELGRAPH_ARCHIVE names one", 0, 0},
      {"captioner", "text", "default of ingest --captioner", 0, 0},
      {"profile", "text", "default of ingest --profile: a name or a file", 0, 0},
      {"chunk", "number", "default of ingest --chunk, seconds", 1, 3600},
      {"overlap", "number", "default of ingest --overlap, seconds", 0, 3600},
      {"fps", "number", "default of ingest --fps, pictures a second", 0.001, 1000},
      {"frames_per_chunk", "integer", "default of ingest --frames-per-chunk", 1, 1000},
      {"jobs", "integer", "default of ingest --jobs, files at once", 1, 256},
      {"threads", "integer", "default of ingest --threads, of one decoder; 0: one per core", 0, 256},
      {"model", "text", "default of --model, of an endpoint", 0, 0},
      {"api_key_file", "text", "default of --api-key-file", 0, 0},
      {"ca_file", "text", "default of --ca-file", 0, 0},
      {"image_side", "integer", "default of ingest --image-side, pixels", 16, 4096},
      {"max_tokens", "integer", "default of ingest --max-tokens, of one reply", 1, 1'000'000},
      {"price_prompt", "number", "USD for a million prompt tokens of the endpoint", 0, 1e6},
      {"price_completion", "number", "USD for a million completion tokens of the endpoint", 0, 1e6},
      {"answerer", "text", "default of ask --answerer", 0, 0},
      {"dtype", "text", "default of ingest --dtype: fp32 or bf16", 0, 0},
      {"embedder", "text", "default of index --embedder", 0, 0},
      {"fast", "switch", "default of ingest --fast", 0, 0},
  };
  return keys;
}

Config Config::parse(const std::string& toml, const std::string& where) {
  Config config;
  for (const auto& [name, node] : parse_toml(toml, where)) {
    const std::string place = where + ":" + std::to_string(node.source().begin.line);
    const ConfigKey* key = find_key(name.str());
    if (key == nullptr) throw base::Error(base::ErrorCode::kBadInput, "unknown key " + std::string(name.str()), place, all_keys());
    nlohmann::json value = from_toml(node);
    check(*key, value, place);
    config.values_[key->name] = std::move(value);
  }
  return config;
}

Config Config::load(const std::filesystem::path& file) { return parse(read_whole(file), file.string()); }

std::optional<std::string> Config::text(const std::string& key) const {
  const auto found = values_.find(key);
  return found == values_.end() ? std::nullopt : std::optional(found->get<std::string>());
}

std::optional<double> Config::number(const std::string& key) const {
  const auto found = values_.find(key);
  return found == values_.end() ? std::nullopt : std::optional(found->get<double>());
}

bool Config::flag(const std::string& key) const { return values_.value(key, false); }

std::filesystem::path config_file() {
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return std::filesystem::path(value == nullptr ? "" : value);
  };
  std::filesystem::path folder = variable("XDG_CONFIG_HOME");
  if (!folder.is_absolute()) {
    const std::filesystem::path home = variable("HOME");
    if (home.empty())
      throw base::Error(base::ErrorCode::kInvalidArgument, "there is no place for a config file", {}, "set HOME or XDG_CONFIG_HOME");
    folder = home / ".config";
  }
  return folder / "reelgraph" / "config.toml";
}

void set_config(const std::filesystem::path& file, const std::string& name, const std::string& value) {
  const ConfigKey* key = find_key(name);
  if (key == nullptr) throw base::Error(base::ErrorCode::kInvalidArgument, "unknown key " + name, {}, all_keys());
  const nlohmann::json json = typed(*key, value);
  try {
    check(*key, json, "config set");
  } catch (const base::Error& error) {
    throw base::Error(base::ErrorCode::kInvalidArgument, error.message() + ", not " + value);
  }

  const std::string before = read_whole(file);
  const toml::table table = parse_toml(before, file.string());
  std::vector<std::string> lines;
  std::istringstream in(before);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  // JSON's strings and numbers are TOML's too.
  const std::string assignment = key->name + " = " + json.dump();
  if (const toml::node* node = table.get(key->name)) {
    const std::size_t first = node->source().begin.line - 1, last = node->source().end.line - 1;
    lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(first), lines.begin() + static_cast<std::ptrdiff_t>(last));
    lines[first] = assignment;
  } else {
    lines.push_back(assignment);
  }
  std::string after;
  for (const std::string& line : lines) after += line + "\n";
  const Config checked = Config::parse(after, file.string());
  std::error_code error;
  std::filesystem::create_directories(file.parent_path(), error);
  if (error) throw base::Error(base::ErrorCode::kArchive, "cannot be made: " + error.message(), file.parent_path().string());
  base::write_file(file, after);
}

}  // namespace reelgraph::cli
