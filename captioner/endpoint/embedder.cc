#include "captioner/endpoint/embedder.h"

#include <algorithm>
#include <cmath>
#include <future>
#include <mutex>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/utf8.h"
#include "captioner/endpoint/server.h"

namespace reelgraph::captioner::endpoint {
namespace {

constexpr std::size_t kBatch = 64;
constexpr std::size_t kMostDimensions = 65536;
constexpr std::size_t kMostInput = 32 << 10;  // bytes

class EndpointEmbedder final : public base::TextEmbedder {
 public:
  EndpointEmbedder(const base::EndpointSettings& settings, const base::LogSink& log) : server_(settings, log) {}

  std::string name() const override { return server_.settings().model; }

  std::vector<std::vector<float>> embed(std::span<const std::string> texts) override {
    std::vector<std::future<Outcome>> asked;
    for (std::size_t from = 0; from < texts.size(); from += kBatch) {
      nlohmann::json body{{"model", server_.settings().model}, {"input", nlohmann::json::array()}, {"encoding_format", "float"}};
      // An empty text is refused by some servers.
      for (const std::string& text : texts.subspan(from, std::min(kBatch, texts.size() - from)))
        body["input"].push_back(text.empty() ? std::string(" ") : base::sanitize_utf8(text, kMostInput));
      auto promise = std::make_shared<std::promise<Outcome>>();
      asked.push_back(promise->get_future());
      server_.dispatcher().submit(server_.dispatcher().address().embeddings(), body.dump(),
                                  [promise](Outcome outcome) { promise->set_value(std::move(outcome)); });
    }
    std::vector<std::vector<float>> vectors(texts.size());
    for (std::size_t i = 0; i < asked.size(); ++i) {
      const Outcome outcome = asked[i].get();
      if (!outcome.ok) refuse(outcome.failure);
      read(outcome.reply.body, std::span(vectors).subspan(i * kBatch, std::min(kBatch, texts.size() - i * kBatch)));
    }
    return vectors;
  }

 private:
  [[noreturn]] void refuse(const std::string& what) const {
    throw base::Error(base::ErrorCode::kModel, what, server_.dispatcher().address().base, "check --model: does the server embed texts?");
  }

  void read(const std::string& body, std::span<std::vector<float>> vectors) {
    const nlohmann::json json = nlohmann::json::parse(body, nullptr, false);
    if (!json.is_object() || !json.contains("data") || !json["data"].is_array()) refuse("the reply holds no embeddings");
    const nlohmann::json& data = json["data"];
    if (data.size() != vectors.size())
      refuse("the reply holds " + std::to_string(data.size()) + " embeddings for " + std::to_string(vectors.size()) + " texts");
    for (std::size_t i = 0; i < data.size(); ++i) {
      const nlohmann::json& entry = data[i];
      if (!entry.is_object() || !entry.contains("embedding") || !entry["embedding"].is_array())
        refuse("an embedding is no list of numbers");
      std::size_t place = i;  // "index" decides, where it is told
      if (entry.contains("index")) {
        if (!entry["index"].is_number_unsigned() || entry["index"].get<std::size_t>() >= vectors.size())
          refuse("an embedding has an impossible index");
        place = entry["index"].get<std::size_t>();
      }
      if (!vectors[place].empty()) refuse("two embeddings have one index");
      vectors[place] = unit(entry["embedding"]);
    }
  }

  std::vector<float> unit(const nlohmann::json& numbers) {
    if (numbers.empty() || numbers.size() > kMostDimensions) refuse("an embedding has " + std::to_string(numbers.size()) + " numbers");
    std::vector<float> vector;
    double square = 0;
    for (const nlohmann::json& number : numbers) {
      if (!number.is_number() || !std::isfinite(number.get<float>())) refuse("an embedding holds what is no number");
      vector.push_back(number.get<float>());
      square += static_cast<double>(vector.back()) * vector.back();
    }
    if (!(square > 0)) refuse("an embedding is all zero");
    const std::lock_guard lock(mutex_);
    if (dimensions_ == 0) dimensions_ = vector.size();
    if (dimensions_ != vector.size())
      refuse("the embeddings differ in length: " + std::to_string(dimensions_) + " and " + std::to_string(vector.size()));
    for (float& value : vector) value = static_cast<float>(value / std::sqrt(square));
    return vector;
  }

  mutable Server server_;
  std::mutex mutex_;
  std::size_t dimensions_ = 0;
};

}  // namespace

std::unique_ptr<base::TextEmbedder> make_embedder(const base::EndpointSettings& settings, const base::LogSink& log) {
  if (settings.model.empty())
    throw base::Error(base::ErrorCode::kInvalidArgument, "an embedder needs the name of its model", "endpoint", "add --model NAME");
  return std::make_unique<EndpointEmbedder>(settings, log);
}

}  // namespace reelgraph::captioner::endpoint
