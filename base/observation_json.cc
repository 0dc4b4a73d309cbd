#include "base/observation_json.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <unordered_set>

#include "base/error.h"
#include "base/utf8.h"

namespace reelgraph::base {
namespace {

using nlohmann::json;

[[noreturn]] void refuse(const std::string& field, const std::string& reason) {
  throw Error(ErrorCode::kBadInput, field.empty() ? reason : field + ": " + reason);
}

std::string in_quotes(const std::string& text) {
  std::string result = "\"";
  result += ellipsize(text, 60);
  result += '"';
  return result;
}

/// Where in the line we are; turned into text only when something is wrong, because every field passes here.
struct Path {
  const Path* parent = nullptr;
  const char* key = "";
  std::ptrdiff_t index = -1;

  [[nodiscard]] std::string text() const {
    std::string s = parent ? parent->text() : std::string();
    if (*key) s += (s.empty() ? "" : ".") + std::string(key);
    if (index >= 0) s += "[" + std::to_string(index) + "]";
    return s;
  }
  [[nodiscard]] std::string text(const char* child) const {
    const std::string s = text();
    return s.empty() ? child : s + "." + child;
  }
};

/// Reads typed fields out of one JSON object and knows which keys nobody asked for.
class Fields {
 public:
  Fields(const json& object, const Path& path, const ObservationLimits& limits) : object_(object), path_(path), limits_(limits) {
    if (!object.is_object()) refuse(path.text(), "must be an object, not " + std::string(object.type_name()));
  }

  [[nodiscard]] const json* find(const char* key) const {
    const auto it = object_.find(key);
    return it == object_.end() || it->is_null() ? nullptr : &*it;
  }

  [[nodiscard]] std::string text(const char* key, std::size_t limit, bool one_line) const {
    const json* value = find(key);
    return value ? clean(*value, key, limit, one_line) : std::string();
  }
  [[nodiscard]] std::string word(const char* key) const { return text(key, limits_.word_bytes, true); }
  [[nodiscard]] std::string required_word(const char* key) const {
    if (!find(key)) refuse(path_.text(key), "missing");
    std::string value = word(key);
    if (value.empty()) refuse(path_.text(key), "must not be empty");
    return value;
  }
  [[nodiscard]] std::string prose(const char* key) const { return text(key, limits_.text_bytes, false); }

  [[nodiscard]] std::string clean(const json& value, const char* key, std::size_t limit, bool one_line) const {
    const auto* raw = value.get_ptr<const std::string*>();
    if (!raw) refuse(path_.text(key), "must be text, not " + std::string(value.type_name()));
    if (raw->size() > limit) refuse(path_.text(key), "longer than " + std::to_string(limit) + " bytes");
    return one_line ? clean_line(*raw, limit) : clean_text(*raw, limit);
  }

  [[nodiscard]] std::optional<Timestamp> time(const char* key) const {
    const json* value = find(key);
    if (!value) return std::nullopt;
    if (!value->is_number()) refuse(path_.text(key), "must be a number of seconds, not " + std::string(value->type_name()));
    try {
      return from_seconds(value->get<double>());
    } catch (const Error& e) {
      refuse(path_.text(key), e.message());
    }
  }

  /// `start` and `end`; a missing one is taken from `fallback`.
  [[nodiscard]] TimeSpan span(const std::optional<TimeSpan>& fallback) const {
    const std::optional<Timestamp> start = time("start");
    const std::optional<Timestamp> end = time("end");
    if (!start && !fallback) refuse(path_.text("start"), "missing");
    if (!end && !fallback) refuse(path_.text("end"), "missing");
    TimeSpan result{start ? *start : fallback->start, end ? *end : fallback->end};
    if (result.end < result.start) {
      if (!start || !end) refuse(path_.text(start ? "end" : "start"), "missing, and the observation's own does not fit");
      refuse(path_.text("end"), "before the start");
    }
    return result;
  }
  [[nodiscard]] bool has_span() const { return find("start") || find("end"); }

  [[nodiscard]] std::optional<Box> box(const char* key) const {
    const json* value = find(key);
    if (!value) return std::nullopt;
    if (!value->is_array() || value->size() != 4) refuse(path_.text(key), "must be [x0, y0, x1, y1]");
    double v[4];
    for (std::size_t i = 0; i < 4; ++i) {
      if (!(*value)[i].is_number()) refuse(path_.text(key), "must hold four numbers");
      v[i] = (*value)[i].get<double>();
      if (!(v[i] >= 0 && v[i] <= 1)) refuse(path_.text(key), "must lie in 0..1 of the frame");
      if (v[i] == 0) v[i] = 0;  // -0.0 and 0.0 are one place
    }
    if (v[0] > v[2] || v[1] > v[3]) refuse(path_.text(key), "corners must be ordered: x0 <= x1 and y0 <= y1");
    return Box{v[0], v[1], v[2], v[3]};
  }

  [[nodiscard]] const json* array(const char* key) const {
    const json* value = find(key);
    if (!value) return nullptr;
    if (!value->is_array()) refuse(path_.text(key), "must be a list, not " + std::string(value->type_name()));
    if (value->size() > limits_.items) refuse(path_.text(key), "more than " + std::to_string(limits_.items) + " items");
    return value;
  }

  [[nodiscard]] std::vector<std::string> words(const char* key, std::size_t limit) const {
    std::vector<std::string> result;
    if (const json* list = array(key)) {
      Path at{&path_, key};
      for (const json& item : *list) {
        ++at.index;
        if (!item.is_string()) refuse(at.text(), "must be text, not " + std::string(item.type_name()));
        std::string value = clean(item, key, limit, true);
        if (!value.empty()) result.push_back(std::move(value));
      }
    }
    return result;
  }

  [[nodiscard]] json object(const char* key) const {
    const json* value = find(key);
    if (!value) return json::object();
    if (!value->is_object()) refuse(path_.text(key), "must be an object, not " + std::string(value->type_name()));
    return sound(*value, key);
  }

  /// The keys that are not `known`, moved into `attributes` (null: dropped), with a warning each. A value nested deeper than `max_depth`
  /// is dropped too: one level further down it might be too deep to be read again.
  void unknown(std::initializer_list<std::string_view> known, json* attributes, std::vector<std::string>* warnings,
               std::size_t max_depth = 16) const {
    for (const auto& [key, value] : object_.items()) {
      bool is_known = false;
      for (const std::string_view k : known) is_known = is_known || k == key;
      if (is_known) continue;
      const std::string name = sanitize_utf8(key, limits_.word_bytes);
      const bool kept = attributes && !attributes->contains(name) && depth(value) <= max_depth;
      if (kept) (*attributes)[name] = sound(value, name.c_str());
      if (warnings && warnings->size() < 100) {
        warnings->push_back(path_.text(ellipsize(name, 60).c_str()) + ": unknown key, " + (kept ? "kept in attributes" : "ignored"));
      }
    }
  }

  [[nodiscard]] const Path& path() const { return path_; }

 private:
  [[nodiscard]] static std::size_t depth(const json& value) {
    std::size_t deepest = 0;
    if (value.is_structured()) {
      for (const json& item : value) deepest = std::max(deepest, depth(item));
      ++deepest;
    }
    return deepest;
  }

  /// Free JSON with every text made sound; numbers must be finite.
  [[nodiscard]] json sound(const json& value, const char* key) const {
    switch (value.type()) {
      case json::value_t::string: {
        const auto& raw = value.get_ref<const std::string&>();
        if (raw.size() > limits_.text_bytes) refuse(path_.text(key), "longer than " + std::to_string(limits_.text_bytes) + " bytes");
        return sanitize_utf8(raw, 3 * raw.size() + 3);
      }
      case json::value_t::array: {
        json result = json::array();
        for (const json& item : value) result.push_back(sound(item, key));
        return result;
      }
      case json::value_t::object: {
        json result = json::object();
        for (const auto& [k, v] : value.items()) result[sanitize_utf8(k, limits_.word_bytes)] = sound(v, key);
        return result;
      }
      case json::value_t::number_float:
        if (!std::isfinite(value.get<double>())) refuse(path_.text(key), "numbers must be finite");
        return value;
      default: return value;
    }
  }

  const json& object_;
  const Path& path_;
  const ObservationLimits& limits_;
};

EntityMention read_entity(const Fields& f, const TimeSpan& whole, std::vector<std::string>* warnings) {
  EntityMention entity;
  entity.ref = f.required_word("ref");
  if (f.find("id")) entity.stable_id = f.required_word("id");
  if (std::string name = f.word("name"); !name.empty()) entity.name = std::move(name);
  entity.type = f.word("type");
  entity.aliases = f.words("aliases", 1000);
  entity.description = f.prose("description");
  entity.attributes = f.object("attributes");
  entity.box = f.box("box");
  if (f.has_span()) entity.span = f.span(whole);
  f.unknown({"ref", "id", "name", "type", "aliases", "description", "attributes", "box", "start", "end"}, &entity.attributes, warnings);
  return entity;
}

class ObservationReader {
 public:
  ObservationReader(const json& object, std::vector<std::string>* warnings, const ObservationLimits& limits)
      : fields_(object, root_, limits), warnings_(warnings), limits_(limits) {}

  Observation read() {
    o_.video = fields_.required_word("video");
    o_.span = fields_.span(std::nullopt);
    o_.caption = fields_.prose("caption");
    o_.transcript = fields_.prose("transcript");
    o_.ocr = fields_.words("ocr", limits_.text_bytes);
    o_.attributes = fields_.object("attributes");
    read_entities();
    read_events();
    read_relations();
    read_provenance();
    fields_.unknown(
        {"type", "video", "start", "end", "caption", "transcript", "ocr", "entities", "events", "relations", "provenance", "attributes"},
        &o_.attributes, warnings_);
    return std::move(o_);
  }

 private:
  void read_entities() {
    const json* list = fields_.array("entities");
    if (!list) return;
    Path at{&root_, "entities"};
    for (const json& item : *list) {
      ++at.index;
      EntityMention entity = read_entity(Fields(item, at, limits_), o_.span, warnings_);
      if (!refs_.insert(entity.ref).second) refuse(at.text("ref"), in_quotes(entity.ref) + " is defined twice in this line");
      o_.entities.push_back(std::move(entity));
    }
  }

  void read_events() {
    const json* list = fields_.array("events");
    if (!list) return;
    Path at{&root_, "events"};
    for (const json& item : *list) {
      ++at.index;
      const Fields f(item, at, limits_);
      Event event;
      event.type = f.required_word("type");
      event.span = f.span(o_.span);
      event.description = f.prose("description");
      event.attributes = f.object("attributes");
      event.show_at = f.time("show_at");
      if (const json* participants = f.array("participants")) {
        Path p{&at, "participants"};
        for (const json& participant : *participants) {
          ++p.index;
          const Fields pf(participant, p, limits_);
          event.participants.push_back({known_ref(pf, "ref"), pf.word("role")});
          pf.unknown({"ref", "role"}, nullptr, warnings_);
        }
      }
      f.unknown({"type", "start", "end", "description", "attributes", "show_at", "participants"}, &event.attributes, warnings_);
      o_.events.push_back(std::move(event));
    }
  }

  void read_relations() {
    const json* list = fields_.array("relations");
    if (!list) return;
    Path at{&root_, "relations"};
    for (const json& item : *list) {
      ++at.index;
      const Fields f(item, at, limits_);
      Relation relation;
      relation.source = known_ref(f, "source");
      relation.type = f.required_word("type");
      relation.target = known_ref(f, "target");
      if (f.has_span()) relation.span = f.span(o_.span);
      f.unknown({"source", "type", "target", "start", "end"}, nullptr, warnings_);
      o_.relations.push_back(std::move(relation));
    }
  }

  void read_provenance() {
    const json* value = fields_.find("provenance");
    if (!value) return;
    const Path at{&root_, "provenance"};
    const Fields f(*value, at, limits_);
    if (std::string kind = f.word("kind"); !kind.empty()) o_.provenance.kind = std::move(kind);
    o_.provenance.name = f.word("name");
    o_.provenance.version = f.word("version");
    f.unknown({"kind", "name", "version"}, nullptr, warnings_);
  }

  std::string known_ref(const Fields& f, const char* key) {
    std::string ref = f.required_word(key);
    if (!refs_.count(ref)) refuse(f.path().text(key), in_quotes(ref) + " is no entity of this line");
    return ref;
  }

  const Path root_{};
  const Fields fields_;
  std::vector<std::string>* warnings_;
  const ObservationLimits& limits_;
  Observation o_;
  std::unordered_set<std::string> refs_;
};

VideoLine read_video(const Fields& f, std::vector<std::string>* warnings) {
  VideoLine v;
  v.id = f.required_word("id");
  v.title = f.word("title");
  v.duration = f.time("duration");
  if (std::string start = f.word("wall_start"); !start.empty()) v.wall_start = std::move(start);
  v.path = f.text("path", 8192, true);
  v.content_id = f.word("content_id");
  v.state = f.word("state");
  if (!v.state.empty() && v.state != "partial" && v.state != "failed") refuse(f.path().text("state"), "must be partial or failed");
  v.reason = f.prose("reason");
  v.media = f.object("media");
  f.unknown({"type", "id", "title", "duration", "wall_start", "path", "content_id", "state", "reason", "media"}, nullptr, warnings);
  return v;
}

CoverageLine read_coverage(const Fields& f, std::vector<std::string>* warnings) {
  CoverageLine c{f.required_word("video"), f.span(std::nullopt), f.required_word("status"), f.prose("reason")};
  bool known = false;
  for (const char* status : {"described", "failed", "not_sampled", "limited"}) known = known || c.status == status;
  if (!known) refuse("status", "must be described, failed, not_sampled or limited");
  f.unknown({"type", "video", "start", "end", "status", "reason"}, nullptr, warnings);
  return c;
}

constexpr std::size_t kAnyDepth = 1000;  ///< keys that stay where they are

IdentityLine read_identity(const Fields& f, const json& object) {
  IdentityLine line;
  line.action = f.required_word("action");
  f.unknown({"type", "action"}, &line.body, nullptr, kAnyDepth);
  for (const auto& [key, value] : object.items()) {
    if (value.is_null()) line.body.erase(key);
  }
  return line;
}

SummaryLine read_summary(const Fields& f) {
  SummaryLine line;
  line.video = f.required_word("video");
  line.span = f.span(std::nullopt);
  if (const json* level = f.find("level")) {
    if (!level->is_number_integer() || *level < 0 || *level > 1000) refuse("level", "must be a whole number in 0..1000");
    line.level = level->get<std::int64_t>();
  }
  line.text = f.prose("text");
  f.unknown({"type", "video", "start", "end", "level", "text"}, &line.body, nullptr, kAnyDepth);
  return line;
}

/// Depth of brackets outside of strings; the JSON library copies and prints recursively, so this is checked on the bytes first.
std::size_t nesting(std::string_view line) {
  std::size_t depth = 0, deepest = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > deepest) deepest = depth;
    } else if ((c == '}' || c == ']') && depth > 0) {
      --depth;
    }
  }
  return deepest;
}

}  // namespace

ObservationLine parse_observation_json(const json& object, std::vector<std::string>* warnings, const ObservationLimits& limits) {
  if (!object.is_object()) refuse("", "a line must be a JSON object, not " + std::string(object.type_name()));
  const Path root{};
  const Fields f(object, root, limits);
  const std::string type = f.required_word("type");
  if (type == "observation") return ObservationReader(object, warnings, limits).read();
  if (type == "video") return read_video(f, warnings);
  if (type == "coverage") return read_coverage(f, warnings);
  if (type == "identity") return read_identity(f, object);
  if (type == "summary") return read_summary(f);
  refuse("type", in_quotes(type) + " is not one of video, observation, coverage, identity, summary");
}

ObservationLine parse_observation_line(std::string_view line, std::vector<std::string>* warnings, const ObservationLimits& limits) {
  if (nesting(line) > limits.nesting) refuse("", "nested more than " + std::to_string(limits.nesting) + " deep");
  json object;
  try {
    object = json::parse(line);
  } catch (const json::exception& e) {
    // "[json.exception.parse_error.101] parse error at line 1, column 5: syntax error ...": the line is ours to name, the rest helps.
    std::string reason = sanitize_utf8(e.what(), 300);
    if (const std::size_t column = reason.find("column "); column != std::string::npos) {
      reason = "not JSON at " + reason.substr(column);
    } else if (const std::size_t bracket = reason.find("] "); bracket != std::string::npos) {
      reason = reason.substr(bracket + 2);
    }
    refuse("", reason);
  }
  return parse_observation_json(object, warnings, limits);
}

}  // namespace reelgraph::base
