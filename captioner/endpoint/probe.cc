#include "captioner/endpoint/probe.h"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iterator>
#include <utility>

#include "base/error.h"
#include "base/observation_json.h"
#include "base/utf8.h"
#include "captioner/digest.h"
#include "captioner/endpoint/base64.h"
#include "captioner/endpoint/prompt.h"
#include "captioner/endpoint/reply_parser.h"
#include "captioner/endpoint/retry.h"

namespace reelgraph::captioner::endpoint {
namespace {

constexpr std::size_t kMostModels = 1000;
constexpr int kProbeTries = 3;
constexpr std::int64_t kKeptSeconds = 24 * 3600;
constexpr std::uintmax_t kLargestCache = 1 << 20;
constexpr int kPictureSide = 64;

[[noreturn]] void refuse(const Dispatcher& dispatcher, const std::string& what, const std::string& cure) {
  throw base::Error(base::ErrorCode::kModel, what, dispatcher.address().base, cure);
}

std::string cure_for(const HttpReply& reply) {
  if (reply.certificate) return "use the address that the certificate is for, or name its authority with --ca-file";
  if (reply.status == 0) return "start the server, or check the address; reelgraph doctor --endpoint URL tells more";
  if (reply.status == 401 || reply.status == 403) return "set REELGRAPH_API_KEY or --api-key-file";
  if (reply.status == 404) return "check the address (it usually ends in /v1) and --model";
  if (reply.status >= 300 && reply.status < 400) return "give the address that it points to, if you trust it with your films and your key";
  if (reply.status == 429) return "wait, or check your quota with the provider";
  return "see the server's own log";
}

std::int64_t number(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number()) return 0;
  const double value = found->get<double>();
  return value > 0 && value < 1e12 ? static_cast<std::int64_t>(value) : 0;
}

/// What `/models` says: names, and where it is told the context (vLLM, SGLang: max_model_len; llama.cpp: meta.n_ctx; hosted:
/// context_length).
void read_models(const std::string& body, const std::string& wanted, Capabilities& c) {
  const nlohmann::json json = nlohmann::json::parse(body, nullptr, false);
  if (!json.is_object() || !json.contains("data") || !json["data"].is_array()) return;
  for (const nlohmann::json& entry : json["data"]) {
    if (!entry.is_object() || !entry.contains("id") || !entry["id"].is_string() || c.models.size() >= kMostModels) continue;
    const std::string id = base::clean_line(base::sanitize_utf8(entry["id"].get<std::string>()), 300);
    c.models.push_back(id);
    if (!wanted.empty() && id != wanted) continue;
    for (const char* key : {"max_model_len", "context_length", "context_window", "max_context_length"}) {
      if (c.context == 0) c.context = number(entry, key);
    }
    if (const auto meta = entry.find("meta"); c.context == 0 && meta != entry.end() && meta->is_object()) {
      c.context = number(*meta, "n_ctx");
      if (c.context == 0) c.context = number(*meta, "n_ctx_train");
    }
  }
}

nlohmann::json message(const nlohmann::json& content) { return nlohmann::json::array({{{"role", "user"}, {"content", content}}}); }

nlohmann::json request(const Capabilities& c, const nlohmann::json& messages, int max_tokens) {
  nlohmann::json body{{"model", c.model}, {"messages", messages}, {"stream", false}};
  body[c.max_tokens_key] = max_tokens;
  if (c.temperature) body["temperature"] = 0;
  return body;
}

std::string red_square() {
  base::Image image{kPictureSide, kPictureSide, {}};
  for (int i = 0; i < kPictureSide * kPictureSide; ++i) image.pixels.insert(image.pixels.end(), {220, 20, 20});
  return encode_picture(image, kPictureSide).jpeg;
}

}  // namespace

nlohmann::json to_json(const Capabilities& c) {
  return {{"model", c.model},
          {"models", c.models},
          {"vision", c.vision},
          {"vision_words", c.vision_words},
          {"schema", c.schema},
          {"context", c.context},
          {"usage", c.usage},
          {"max_tokens_key", c.max_tokens_key},
          {"temperature", c.temperature},
          {"seconds", c.seconds}};
}

std::optional<Capabilities> capabilities_from(const nlohmann::json& json) {
  try {
    Capabilities c;
    c.model = json.at("model").get<std::string>();
    c.models = json.at("models").get<std::vector<std::string>>();
    c.vision = json.at("vision").get<bool>();
    c.vision_words = json.at("vision_words").get<std::string>();
    c.schema = json.at("schema").get<bool>();
    c.context = json.at("context").get<std::int64_t>();
    c.usage = json.at("usage").get<bool>();
    c.max_tokens_key = json.at("max_tokens_key").get<std::string>();
    c.temperature = json.at("temperature").get<bool>();
    c.seconds = json.at("seconds").get<double>();
    if (c.max_tokens_key != "max_tokens" && c.max_tokens_key != "max_completion_tokens") return std::nullopt;
    return c;
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
}

std::string choose_model(const Dispatcher& dispatcher, const base::EndpointSettings& settings, const std::vector<std::string>& models) {
  if (!settings.model.empty()) return settings.model;
  if (models.size() == 1) return models.front();
  if (models.empty()) refuse(dispatcher, "the server does not say which models it has", "name one with --model");
  std::string names;
  for (std::size_t i = 0; i < models.size() && i < 10; ++i) names += (i > 0 ? ", " : "") + models[i];
  throw base::Error(base::ErrorCode::kInvalidArgument, "the server has " + std::to_string(models.size()) + " models",
                    dispatcher.address().base, "name one with --model: " + names + (models.size() > 10 ? ", ..." : ""));
}

Capabilities probe(Dispatcher& dispatcher, const base::EndpointSettings& settings) {
  Capabilities c;
  const Outcome listed = dispatcher.run(dispatcher.address().models(), {}, kProbeTries);
  const int status = listed.reply.status;
  // Some servers have no list, or hide it from keys that may chat; that alone says nothing.
  if (listed.ok)
    read_models(listed.reply.body, settings.model, c);
  else if (status == 0 || (status >= 300 && status < 400) || status == 401)
    refuse(dispatcher, listed.failure, cure_for(listed.reply));
  c.model = choose_model(dispatcher, settings, c.models);

  const auto ask = [&](const nlohmann::json& body) {
    return dispatcher.run(dispatcher.address().chat(), body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace), kProbeTries);
  };
  Outcome plain;
  for (int round = 0; round < 3; ++round) {
    plain = ask(request(c, message("Reply with the word yes."), 16));
    if (plain.ok || plain.reply.status != 400) break;
    if (c.max_tokens_key == "max_tokens" && plain.failure.find("max_completion_tokens") != std::string::npos)
      c.max_tokens_key = "max_completion_tokens";
    else if (c.temperature && plain.failure.find("temperature") != std::string::npos)
      c.temperature = false;
    else
      break;
  }
  if (!plain.ok) {
    std::string cure = cure_for(plain.reply);
    if (status == 200 && !c.models.empty() && std::find(c.models.begin(), c.models.end(), c.model) == c.models.end())
      cure = "the server does not list " + c.model + "; it has " + base::ellipsize(c.models.front(), 100) +
             (c.models.size() > 1 ? " and others" : "");
    refuse(dispatcher, plain.failure, cure);
  }
  const ChatReply first = parse_chat(plain.reply.body);
  if (!first.problem.empty()) refuse(dispatcher, first.problem, "is this an OpenAI-compatible server? Its address usually ends in /v1");
  c.usage = first.usage.has_value();
  c.seconds = plain.seconds;

  {
    std::string picture = "data:image/jpeg;base64,";
    append_base64(picture, red_square());
    const nlohmann::json content{{{"type", "text"}, {"text", "What colour is this? One word."}},
                                 {{"type", "image_url"}, {"image_url", {{"url", picture}}}}};
    const Outcome seen = ask(request(c, message(content), 16));
    c.vision = seen.ok && parse_chat(seen.reply.body).problem.empty();
    if (!c.vision) c.vision_words = seen.failure.empty() ? "its reply to a picture is no reply" : seen.failure;
  }
  {
    nlohmann::json body = request(c, message("Name a colour of the rainbow, as JSON."), 64);
    const nlohmann::json schema{{"type", "object"},
                                {"properties", {{"colour", {{"type", "string"}, {"enum", {"red", "green", "blue"}}}}}},
                                {"required", {"colour"}},
                                {"additionalProperties", false}};
    body["response_format"] = {{"type", "json_schema"}, {"json_schema", {{"name", "colour"}, {"strict", true}, {"schema", schema}}}};
    const Outcome kept = ask(body);
    if (kept.ok) {
      const ChatReply reply = parse_chat(kept.reply.body);
      const nlohmann::json json = nlohmann::json::parse(without_reasoning(reply.text), nullptr, false);
      c.schema = reply.problem.empty() && json.is_object() && json.size() == 1 && json.contains("colour") &&
                 (json["colour"] == "red" || json["colour"] == "green" || json["colour"] == "blue");
    }
  }
  return c;
}

ProbeCache::ProbeCache(std::filesystem::path folder, const std::string& base_url) : folder_(std::move(folder)), base_url_(base_url) {}

std::filesystem::path ProbeCache::file(const std::string& what) const {
  return folder_ / ("endpoint-" + digest(base_url_ + "\n" + what) + ".json");
}

nlohmann::json ProbeCache::read(const std::string& what) const {
  std::error_code error;
  if (folder_.empty() || !std::filesystem::is_regular_file(file(what), error) ||
      std::filesystem::file_size(file(what), error) > kLargestCache || error)
    return nullptr;
  std::ifstream in(file(what), std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  return nlohmann::json::parse(text, nullptr, false);
}

void ProbeCache::write(const std::string& what, const nlohmann::json& json) const {
  if (folder_.empty()) return;
  std::error_code error;
  std::filesystem::create_directories(folder_, error);
  const std::filesystem::path target = file(what);
  std::filesystem::path half = target;
  half += ".new";
  {
    std::ofstream out(half, std::ios::binary | std::ios::trunc);
    out << json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    if (!out) return;
  }
  std::filesystem::rename(half, target, error);
}

std::optional<Capabilities> ProbeCache::load(const std::string& model) const {
  const nlohmann::json json = read("probe " + model);
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  if (!json.is_object() || !json.contains("at") || !json["at"].is_number_integer() || !json.contains("found")) return std::nullopt;
  const auto age = now - json["at"].get<std::int64_t>();
  if (age < 0 || age > kKeptSeconds) return std::nullopt;
  return capabilities_from(json["found"]);
}

void ProbeCache::save(const std::string& model, const Capabilities& c) const {
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  write("probe " + model, {{"at", now}, {"found", to_json(c)}});
}

nlohmann::json ProbeCache::load_numbers(const std::string& key) const { return read("numbers " + key); }
void ProbeCache::save_numbers(const std::string& key, const nlohmann::json& numbers) const { write("numbers " + key, numbers); }

}  // namespace reelgraph::captioner::endpoint
