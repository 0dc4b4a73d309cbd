#include "captioner/places/places_note.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "captioner/local/json_fields.h"
#include "captioner/local/json_file.h"

namespace reelgraph::captioner::places {
namespace {

constexpr std::size_t kMostThings = 64, kMostWord = 40;

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  std::size_t at = 0;
  while ((at = text.find_first_not_of(" \t\r\n", at)) != std::string_view::npos) {
    const std::size_t end = std::min(text.find_first_of(" \t\r\n", at), text.size());
    words.push_back(text.substr(at, end - at));
    at = end;
  }
  return words;
}

std::optional<int> cell(std::string_view word, int count) {
  int value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc() || end != word.data() + word.size() || value < 0 || value >= count) return std::nullopt;
  return value;
}

}  // namespace

std::optional<PlacesNote> read_note(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / "reelgraph.json";
  std::error_code error;
  if (!std::filesystem::exists(file, error)) return std::nullopt;
  const nlohmann::json json = local::read_json_file(file);
  if (!json.is_object()) local::refuse(file.string(), "is not an object");
  const local::JsonFields fields(json, file.string());
  if (fields.text("says", "") != "places") return std::nullopt;
  PlacesNote note;
  note.columns = static_cast<int>(fields.size("columns", 1000));
  note.rows = static_cast<int>(fields.size("rows", 1000));
  note.frames_per_second = fields.positive("frames_per_second", 1.0);
  if (note.frames_per_second > 30) fields.refuse_field("frames_per_second", "is more than 30");
  note.max_tokens = static_cast<int>(fields.size("max_tokens", 4096, 128));
  note.limits = fields.text("limits", "");
  const nlohmann::json& types = fields.has("types") ? fields.raw("types") : json;
  if (!types.is_array() || types.empty()) fields.refuse_field("types", "is not a list of entity types");
  for (const nlohmann::json& type : types) {
    if (!type.is_string() || type.get_ref<const std::string&>().empty()) fields.refuse_field("types", "holds something that is no name");
    note.types.push_back(type.get<std::string>());
  }
  return note;
}

std::vector<chunker::tracking::Sighting> read_places(std::string_view reply, const PlacesNote& note, int& unread) {
  std::vector<chunker::tracking::Sighting> things;
  std::size_t at = 0;
  while (at <= reply.size()) {
    const std::size_t end = std::min(reply.find(';', at), reply.size());
    const std::vector<std::string_view> words = words_of(reply.substr(at, end - at));
    at = end + 1;
    if (words.empty() || (words.size() == 1 && words[0] == "nothing")) continue;
    const std::size_t count = words.size();
    const std::optional<int> column = count >= 3 ? cell(words[count - 2], note.columns) : std::nullopt;
    const std::optional<int> row = count >= 3 ? cell(words[count - 1], note.rows) : std::nullopt;
    const auto type = std::find_if(words.begin(), words.end(), [&](std::string_view word) {
      return std::find(note.types.begin(), note.types.end(), word) != note.types.end();
    });
    const auto places = words.end() - std::min<std::ptrdiff_t>(2, static_cast<std::ptrdiff_t>(count));
    const bool long_word = std::any_of(words.begin(), words.end(), [](std::string_view word) { return word.size() > kMostWord; });
    if (!column || !row || type >= places || type - words.begin() > 1 || places - type > 2 || long_word || things.size() == kMostThings) {
      ++unread;
      continue;
    }
    chunker::tracking::Sighting seen;
    seen.type = *type;
    if (type != words.begin()) seen.label = words.front();
    if (places - type == 2) seen.load = *(type + 1);
    seen.place = {(*column + 0.5) / note.columns, (*row + 0.5) / note.rows};
    things.push_back(std::move(seen));
  }
  return things;
}

}  // namespace reelgraph::captioner::places
