#include "tests/support/model_server.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <thread>

namespace reelgraph::test {
namespace {

constexpr std::size_t kHugeReply = std::size_t{200} << 20;

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", value);
  return text;
}

std::string completion(const std::string& text, std::int64_t prompt, bool usage, const std::string& finish) {
  nlohmann::json json{{"id", "x"},
                      {"object", "chat.completion"},
                      {"choices", {{{"index", 0}, {"finish_reason", finish}, {"message", {{"role", "assistant"}, {"content", text}}}}}}};
  if (usage) json["usage"] = {{"prompt_tokens", prompt}, {"completion_tokens", text.size() / 4}};
  return json.dump();
}

std::string chunked(const std::string& data) {
  char size[16];
  std::snprintf(size, sizeof size, "%zx\r\n", data.size());
  return size + data + "\r\n";
}

}  // namespace

std::string usual_reply(double start, double end) {
  const nlohmann::json reply{
      {"caption",
       "Between " + number(start) + " and " + number(end) + " seconds a man in a red coat walks in and looks around the room for a while."},
      {"ocr", {"EXIT"}},
      {"entities", {{{"ref", "e1"}, {"type", "person"}, {"word", ""}, {"name", ""}, {"description", "man in a red coat"}}}},
      {"events",
       {{{"type", "appear"},
         {"word", ""},
         {"start", start + 0.5},
         {"end", start + 0.75},
         {"description", "a man in a red coat walks in"},
         {"participants", {{{"ref", "e1"}, {"role", "agent"}}}}}}}};
  return reply.dump();
}

std::int64_t prompt_tokens_of(const std::string& body) {
  std::int64_t pictures = 0;
  std::size_t picture_bytes = 0;
  const std::string mark = "data:image/";
  for (std::size_t at = body.find(mark); at != std::string::npos; at = body.find(mark, at + 1)) {
    ++pictures;
    picture_bytes += body.find('"', at) - at;
  }
  return static_cast<std::int64_t>(static_cast<double>(body.size() - picture_bytes) / 4.7) + pictures * 257 + 11;
}

ModelServer::ModelServer() : server_([this](const HttpServerRequest& request, HttpAnswer& a) { answer(request, a); }) {}

void ModelServer::answer(const HttpServerRequest& request, HttpAnswer& a) {
  const auto authorization = request.headers.find("authorization");
  {
    const std::lock_guard lock(mutex_);
    if (authorization != request.headers.end()) seen_.authorizations.insert(authorization->second);
  }
  if (!key.empty() && (authorization == request.headers.end() || authorization->second != "Bearer " + key)) {
    // As some do: it says the key that it does not like.
    return a.reply(
        401, nlohmann::json{{"error",
                             {{"message", "Incorrect API key: " +
                                              (authorization == request.headers.end() ? std::string("none") : authorization->second)}}}}
                 .dump());
  }
  if (request.path == "/v1/models") {
    nlohmann::json data = nlohmann::json::array();
    for (const std::string& model : models) data.push_back({{"id", model}, {"object", "model"}, {"max_model_len", context}});
    return a.reply(200, nlohmann::json{{"object", "list"}, {"data", data}}.dump());
  }
  if (request.path == "/v1/embeddings") return embed(request, a);
  if (request.path == "/v1/chat/completions") return chat(request, a);
  a.reply(404, R"({"error":{"message":"no such address"}})");
}

void ModelServer::chat(const HttpServerRequest& request, HttpAnswer& a) {
  // Found without parsing half a megabyte of JSON.
  static const std::string kPart = "This part of the video goes from ";
  if (const std::size_t at = request.body.rfind(kPart); at != std::string::npos) {
    char* rest = nullptr;
    const double start = std::strtod(request.body.c_str() + at + kPart.size(), &rest);
    const double end = std::strtod(rest + std::string(" s to ").size(), nullptr);
    return chunk(start, end, request, a);
  }
  const nlohmann::json json = nlohmann::json::parse(request.body, nullptr, false);
  const bool picture = request.body.find("data:image/") != std::string::npos;
  {
    const std::lock_guard lock(mutex_);
    ++(request.body.find("Evidence:") != std::string::npos ? seen_.texts : seen_.probes);
  }
  if (picture && !vision) return a.reply(400, R"({"error":{"message":"this model does not support images"}})");
  std::string text = "yes";
  if (request.body.find("What colour is this?") != std::string::npos) text = "Red.";
  if (json.contains("response_format")) text = schema ? R"({"colour":"red"})" : "The rainbow begins with red.";
  if (request.body.find("Evidence:") != std::string::npos) text = say_text ? say_text(json) : "NOT IN EVIDENCE";
  complete(a, text, prompt_tokens_of(request.body), false);
}

void ModelServer::chunk(double start, double end, const HttpServerRequest& request, HttpAnswer& a) {
  const bool repair = request.body.find("This reply cannot be used") != std::string::npos;
  int nth = 0;
  {
    const std::lock_guard lock(mutex_);
    nth = ++seen_.asked[start];
    seen_.repairs += repair ? 1 : 0;
    if (keep_bodies) seen_.bodies.push_back(request.body);
  }
  const int now = ++at_once_;
  {
    const std::lock_guard lock(mutex_);
    seen_.most_at_once = std::max(seen_.most_at_once, now);
  }
  if (delay.count() > 0) std::this_thread::sleep_for(delay);
  const std::string good = say ? say(start, end) : usual_reply(start, end);
  const Act what = act(start, nth);
  const bool streamed = what == Act::kStreamed || request.body.find("\"stream\":true") != std::string::npos;
  if (what < Act::k429) {
    const std::lock_guard lock(mutex_);
    ++seen_.paid[start];
    seen_.prompt_tokens += prompt_tokens_of(request.body);
  }
  const auto give = [&](const std::string& text, const std::string& finish = "stop") {
    {
      const std::lock_guard lock(mutex_);
      seen_.completion_tokens += static_cast<std::int64_t>(text.size() / 4);
    }
    --at_once_;
    complete(a, text, prompt_tokens_of(request.body), streamed, finish);
    ++at_once_;
  };
  switch (what) {
    case Act::kGood:
    case Act::kStreamed: give(good); break;
    case Act::kProse: give("Sure! Here is what I see {as asked}:\n" + good + "\nLet me know if you need more."); break;
    case Act::kFenced: give("```json\n" + good + "\n```"); break;
    case Act::kReasoning: give("<think>The picture {\"caption\": \"no\"} shows... let me see [1, 2</think>\n" + good); break;
    case Act::kBroken: give(good.substr(0, good.size() / 2)); break;
    case Act::kWrongSchema: give(R"({"caption": 7, "events": "many"})"); break;
    case Act::kRefusal: give("I'm sorry, but I can't help with identifying people in videos."); break;
    case Act::kEmptyText: give(""); break;
    case Act::kCutOff: give(good.substr(0, good.size() - 40), "length"); break;
    case Act::kNoChoices: a.reply(200, R"({"object":"chat.completion"})"); break;
    case Act::k429: a.reply(429, R"({"error":{"message":"slow down"}})", "application/json", {"Retry-After: " + retry_after}); break;
    case Act::k500: a.reply(500, "<html>Internal Server Error</html>", "text/html"); break;
    case Act::kHang: a.hang(); break;
    case Act::kCut:
      a.send("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n{\"choices\":[");
      a.cut();
      break;
    case Act::kCutStream:
      a.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n" +
             chunked("data: {\"choices\":[{\"delta\":{\"content\":\"{\"}}]}\n\n"));
      a.cut();
      break;
    case Act::kHuge: {
      a.send("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(kHugeReply) + "\r\n\r\n");
      const std::string block(1 << 16, 'x');
      for (std::size_t sent = 0; sent < kHugeReply && a.send(block); sent += block.size()) {
      }
      a.cut();
      break;
    }
    case Act::kEmpty: a.reply(200, ""); break;
    case Act::kRedirect: a.reply(307, "", "text/html", {"Location: " + elsewhere}); break;
    case Act::k400: a.reply(400, R"({"error":{"message":"this model's maximum context length is 4096 tokens"}})"); break;
    case Act::k401: a.reply(401, R"({"error":{"message":"expired"}})"); break;
  }
  --at_once_;
}

void ModelServer::complete(HttpAnswer& a, const std::string& text, std::int64_t prompt, bool streamed, const std::string& finish) {
  if (!streamed) return a.reply(200, completion(text, prompt, usage, finish));
  std::string body = ": hello\n\n";
  const std::size_t step = 37;
  for (std::size_t at = 0; at < text.size(); at += step) {
    const nlohmann::json piece{{"choices", {{{"index", 0}, {"delta", {{"content", text.substr(at, step)}}}, {"finish_reason", nullptr}}}}};
    body += "data: " + piece.dump() + "\n\n";
  }
  body += "data: " + nlohmann::json{{"choices", {{{"index", 0}, {"delta", nlohmann::json::object()}, {"finish_reason", finish}}}}}.dump() +
          "\n\n";
  if (usage)
    body +=
        "data: " +
        nlohmann::json{{"choices", nlohmann::json::array()}, {"usage", {{"prompt_tokens", prompt}, {"completion_tokens", text.size() / 4}}}}
            .dump() +
        "\n\n";
  body += "data: [DONE]\n\n";
  a.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(body) + "0\r\n\r\n");
}

void ModelServer::embed(const HttpServerRequest& request, HttpAnswer& a) {
  const nlohmann::json json = nlohmann::json::parse(request.body, nullptr, false);
  nlohmann::json data = nlohmann::json::array();
  for (std::size_t i = 0; i < json.at("input").size(); ++i) {
    const std::string text = json["input"][i];
    std::vector<double> vector(8, 0.0);
    for (std::size_t k = 0; k < text.size(); ++k) vector[k % 8] += static_cast<unsigned char>(text[k]);
    data.push_back({{"index", i}, {"object", "embedding"}, {"embedding", vector}});
  }
  std::reverse(data.begin(), data.end());  // "index" decides, not the order
  a.reply(200, nlohmann::json{{"object", "list"}, {"data", data}}.dump());
}

}  // namespace reelgraph::test
