// The writing half of observation_json.h. Written by hand rather than through a JSON tree: the order of keys is the format's, and
// import hashes every observation in this form.
#include <charconv>

#include "base/observation_json.h"

namespace reelgraph::base {
namespace {

using nlohmann::json;

void append_quoted(std::string& out, std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  std::size_t plain = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text, plain, i - plain);
    plain = i + 1;
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\t': out += "\\t"; break;
      default:
        out += "\\u00";
        out += kHex[c >> 4];
        out += kHex[c & 15];
    }
  }
  out.append(text, plain, text.size() - plain);
  out += '"';
}

void append_number(std::string& out, double value) {
  char text[32];
  const auto result = std::to_chars(text, text + sizeof text, value);
  out.append(text, result.ptr);
}

void append_seconds(std::string& out, Timestamp t) {
  char text[32];
  if (t < 0) {
    out += '-';
    t = -t;
  }
  out.append(text, std::to_chars(text, text + sizeof text, t / kSecond).ptr);
  Timestamp rest = t % kSecond;
  if (rest == 0) return;
  out += '.';
  for (Timestamp place = kSecond / 10; rest > 0; place /= 10) {
    out += static_cast<char>('0' + rest / place);
    rest %= place;
  }
}

/// Writes one object; members with empty values leave no trace.
class ObjectWriter {
 public:
  explicit ObjectWriter(std::string& out) : out_(out) { out_ += '{'; }
  void close() { out_ += '}'; }

  std::string& key(std::string_view name) {
    if (!first_) out_ += ',';
    first_ = false;
    out_ += '"';
    out_ += name;
    out_ += "\":";
    return out_;
  }
  void text(std::string_view name, std::string_view value) { append_quoted(key(name), value); }
  void optional_text(std::string_view name, std::string_view value) {
    if (!value.empty()) text(name, value);
  }
  void seconds(std::string_view name, Timestamp t) { append_seconds(key(name), t); }
  void span(const TimeSpan& s) {
    seconds("start", s.start);
    seconds("end", s.end);
  }
  void texts(std::string_view name, const std::vector<std::string>& values) {
    if (values.empty()) return;
    std::string& out = key(name);
    out += '[';
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (i > 0) out += ',';
      append_quoted(out, values[i]);
    }
    out += ']';
  }
  void object(std::string_view name, const json& value) {
    if (value.is_object() && !value.empty()) key(name) += value.dump();
  }
  template <typename Items, typename Write>
  void list(std::string_view name, const Items& items, const Write& write) {
    if (items.empty()) return;
    std::string& out = key(name);
    out += '[';
    bool first = true;
    for (const auto& item : items) {
      if (!first) out += ',';
      first = false;
      ObjectWriter object(out);
      write(object, item);
      object.close();
    }
    out += ']';
  }

 private:
  std::string& out_;
  bool first_ = true;
};

void write_entity(ObjectWriter& w, const EntityMention& entity) {
  w.text("ref", entity.ref);
  if (entity.stable_id) w.text("id", *entity.stable_id);
  if (entity.name) w.text("name", *entity.name);
  w.optional_text("type", entity.type);
  w.texts("aliases", entity.aliases);
  w.optional_text("description", entity.description);
  w.object("attributes", entity.attributes);
  if (entity.box) {
    std::string& out = w.key("box");
    char separator = '[';
    for (const double v : {entity.box->x0, entity.box->y0, entity.box->x1, entity.box->y1}) {
      out += separator;
      append_number(out, v);
      separator = ',';
    }
    out += ']';
  }
  if (entity.span) w.span(*entity.span);
}

void write_event(ObjectWriter& w, const Event& event) {
  w.text("type", event.type);
  w.span(event.span);
  w.optional_text("description", event.description);
  w.list("participants", event.participants, [](ObjectWriter& p, const Participant& participant) {
    p.text("ref", participant.ref);
    p.optional_text("role", participant.role);
  });
  w.object("attributes", event.attributes);
  if (event.show_at) w.seconds("show_at", *event.show_at);
}

}  // namespace

std::string seconds_text(Timestamp t) {
  std::string out;
  append_seconds(out, t);
  return out;
}

std::string to_json_line(const VideoLine& line) {
  std::string out;
  ObjectWriter w(out);
  w.text("type", "video");
  w.text("id", line.id);
  w.optional_text("title", line.title);
  if (line.duration) w.seconds("duration", *line.duration);
  if (line.wall_start) w.text("wall_start", *line.wall_start);
  w.optional_text("path", line.path);
  w.optional_text("content_id", line.content_id);
  w.optional_text("state", line.state);
  w.optional_text("reason", line.reason);
  w.object("media", line.media);
  w.close();
  return out;
}

std::string to_json_line(const Observation& observation) {
  std::string out;
  out.reserve(512);
  ObjectWriter w(out);
  w.text("type", "observation");
  w.text("video", observation.video);
  w.span(observation.span);
  w.optional_text("caption", observation.caption);
  w.optional_text("transcript", observation.transcript);
  w.texts("ocr", observation.ocr);
  w.list("entities", observation.entities, write_entity);
  w.list("events", observation.events, write_event);
  w.list("relations", observation.relations, [](ObjectWriter& r, const Relation& relation) {
    r.text("source", relation.source);
    r.text("type", relation.type);
    r.text("target", relation.target);
    if (relation.span) r.span(*relation.span);
  });
  std::string& inner = w.key("provenance");
  ObjectWriter p(inner);
  p.optional_text("kind", observation.provenance.kind);
  p.optional_text("name", observation.provenance.name);
  p.optional_text("version", observation.provenance.version);
  p.close();
  w.object("attributes", observation.attributes);
  w.close();
  return out;
}

std::string to_json_line(const CoverageLine& line) {
  std::string out;
  ObjectWriter w(out);
  w.text("type", "coverage");
  w.text("video", line.video);
  w.span(line.span);
  w.text("status", line.status);
  w.optional_text("reason", line.reason);
  w.close();
  return out;
}

std::string to_json_line(const IdentityLine& line) {
  std::string out;
  ObjectWriter w(out);
  w.text("type", "identity");
  w.text("action", line.action);
  for (const auto& [key, value] : line.body.items()) {
    std::string quoted;
    append_quoted(quoted, key);
    w.key(std::string_view(quoted).substr(1, quoted.size() - 2)) += value.dump();
  }
  w.close();
  return out;
}

std::string to_json_line(const SummaryLine& line) {
  std::string out;
  ObjectWriter w(out);
  w.text("type", "summary");
  w.text("video", line.video);
  w.span(line.span);
  w.key("level") += std::to_string(line.level);
  w.optional_text("text", line.text);
  for (const auto& [key, value] : line.body.items()) {
    std::string quoted;
    append_quoted(quoted, key);
    w.key(std::string_view(quoted).substr(1, quoted.size() - 2)) += value.dump();
  }
  w.close();
  return out;
}

}  // namespace reelgraph::base
