#include "captioner/local/json_file.h"

#include <cerrno>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "base/error.h"
#include "base/utf8.h"

namespace reelgraph::captioner::local {
namespace {

/// Deepest nesting of brackets outside strings, without recursion; sound JSON or not.
int nesting_of(std::string_view text) {
  int depth = 0, deepest = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') {
        ++i;
      } else if (c == '"') {
        in_string = false;
      }
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      deepest = std::max(deepest, ++depth);
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return deepest;
}

void check_before_parsing(std::string_view text, const std::string& context) {
  if (!base::is_valid_utf8(text)) refuse(context, "is not UTF-8");
  if (nesting_of(text) > kMaxJsonDepth) refuse(context, "is nested too deep (more than " + std::to_string(kMaxJsonDepth) + " levels)");
}

[[noreturn]] void refuse_json(const std::string& context, const nlohmann::json::exception& error) {
  std::string words = error.what();  // "[json.exception.parse_error.101] parse error at line 1, column 2: ..."
  const std::size_t end = words.find("] ");
  refuse(context, "is not JSON: " + base::ellipsize(base::sanitize_utf8(end == std::string::npos ? words : words.substr(end + 2)), 200));
}

}  // namespace

void refuse(const std::string& context, const std::string& message) {
  throw base::Error(base::ErrorCode::kModel, message, context, kModelCure);
}

nlohmann::json parse_json(std::string_view text, const std::string& context) {
  check_before_parsing(text, context);
  try {
    return nlohmann::json::parse(text);
  } catch (const nlohmann::json::exception& error) {
    refuse_json(context, error);
  }
}

nlohmann::json parse_json_unique(std::string_view text, const std::string& context, const std::string& what) {
  check_before_parsing(text, context);
  std::vector<std::set<std::string>> open;  // keys seen, one set for each open object
  std::string twice;
  const auto watch = [&](int, nlohmann::json::parse_event_t event, nlohmann::json& value) {
    using Event = nlohmann::json::parse_event_t;
    if (event == Event::object_start) open.emplace_back();
    if (event == Event::object_end && !open.empty()) open.pop_back();
    if (event == Event::key && !open.empty() && !open.back().insert(value.get<std::string>()).second && twice.empty()) {
      twice = value.get<std::string>();
    }
    return true;
  };
  nlohmann::json json;
  try {
    json = nlohmann::json::parse(text, watch);
  } catch (const nlohmann::json::exception& error) {
    refuse_json(context, error);
  }
  if (!twice.empty()) refuse(context, "names " + what + " " + base::ellipsize(twice, 200) + " twice");
  return json;
}

std::string read_text_file(const std::filesystem::path& file, std::size_t limit) {
  std::error_code error;
  const auto status = std::filesystem::status(file, error);
  if (!std::filesystem::exists(status)) refuse(file.string(), "is missing");
  if (!std::filesystem::is_regular_file(status)) refuse(file.string(), "is not a regular file");
  const std::uintmax_t size = std::filesystem::file_size(file, error);
  if (error) refuse(file.string(), "cannot be read: " + error.message());
  if (size > limit) refuse(file.string(), "is absurdly large (" + std::to_string(size) + " bytes)");
  std::string text(static_cast<std::size_t>(size), '\0');
  std::ifstream in(file, std::ios::binary);
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!in && size > 0) refuse(file.string(), "cannot be read: " + base::errno_text(errno));
  return text;
}

nlohmann::json read_json_file(const std::filesystem::path& file) { return parse_json(read_text_file(file), file.string()); }

}  // namespace reelgraph::captioner::local
