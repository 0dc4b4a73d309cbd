#include "captioner/endpoint/captioner.h"

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <utility>

#include "base/error.h"
#include "base/time.h"
#include "captioner/endpoint/prompt.h"
#include "captioner/endpoint/reading.h"
#include "captioner/endpoint/reply_parser.h"
#include "captioner/endpoint/schema.h"
#include "captioner/endpoint/server.h"
#include "captioner/endpoint/usage.h"

namespace reelgraph::captioner::endpoint {
namespace {

constexpr const char* kVersion = "1";
const std::vector<std::string> kKeys{"caption", "events", "entities"};

/// JSON within the model's text may spell the secret in escapes of its own.
void blot_out(nlohmann::json& json, const std::string& secret) {
  if (json.is_string()) json = without_secret(json.get<std::string>(), secret);
  if (!json.is_structured()) return;
  for (nlohmann::json& inner : json) blot_out(inner, secret);
}

void add(base::Usage& sum, const base::Usage& more) {
  sum.prompt_tokens += more.prompt_tokens;
  sum.completion_tokens += more.completion_tokens;
  sum.cost_usd += more.cost_usd;
}

/// A picture with something in it, in the shape of most films.
base::Image drawn_picture(int side, int seed) {
  const base::Size size = base::fit_within({1920, 1080}, side);
  base::Image image{size.width, size.height, {}};
  image.pixels.reserve(static_cast<std::size_t>(size.width) * static_cast<std::size_t>(size.height) * 3);
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      const bool inside =
          (x - size.width / 3 - seed * 8) * (x - size.width / 3 - seed * 8) + (y - size.height / 2) * (y - size.height / 2) <
          size.height * size.height / 16;
      const int shade = x * 255 / size.width;
      image.pixels.push_back(static_cast<std::uint8_t>(inside ? 220 : shade));
      image.pixels.push_back(static_cast<std::uint8_t>(inside ? 40 : y * 255 / size.height));
      image.pixels.push_back(static_cast<std::uint8_t>(inside ? 40 : 255 - shade));
    }
  }
  return image;
}

/// @param pictures one a second
base::Chunk drawn_chunk(int index, int pictures, int side) {
  base::Chunk chunk;
  chunk.index = index;
  chunk.span = chunk.own = {100 * base::kSecond, 130 * base::kSecond};
  for (int i = 0; i < pictures; ++i) chunk.keyframes.push_back({chunk.span.start + i * base::kSecond, drawn_picture(side, i), 1});
  return chunk;
}

}  // namespace

struct EndpointCaptioner::Shared {
  Server server;
  base::Profile profile;
  PromptBuilder prompt;
  Vocabulary words;
  ReplySchema schema;
  Estimator estimator;
  std::once_flag told_no_usage;

  Shared(base::EndpointSettings settings, base::Profile p, base::LogSink log)
      : server(std::move(settings), std::move(log)),
        profile(std::move(p)),
        prompt(server.settings(), profile),
        words(profile),
        estimator(server.settings()) {
    estimator.restore(server.cache().load_numbers(numbers_key()));
  }
  [[nodiscard]] std::string numbers_key() const { return server.settings().model + " " + prompt.version(); }
};

/// One video's chunks under way. The dispatcher's thread puts outcomes into `Inbox`; everything else happens on the session's own.
class EndpointCaptioner::Session final : public base::CaptionSession {
 public:
  Session(Shared& shared, const Capabilities& server) : shared_(shared), server_(server), inbox_(std::make_shared<Inbox>()) {}

  void watch(const base::Frame& /*frame*/, bool /*boundary*/) override {}

  std::vector<base::CaptionResult> describe(std::span<const base::Chunk> chunks) override {
    std::vector<base::CaptionResult> results(chunks.size());
    std::map<int, std::size_t> places;
    for (std::size_t i = 0; i < chunks.size(); ++i) {
      begin(chunks[i]);
      places[chunks[i].index] = i;
    }
    while (!asked_.empty()) {
      for (base::Finished& one : finished(true)) results[places.at(one.chunk)] = std::move(one.result);
    }
    return results;
  }

  std::optional<base::Estimate> estimate(const base::Chunk& chunk) override {
    base::Estimate e = shared_.estimator.estimate(shared_.prompt.chunk_size(chunk));
    if (!server_.schema) {
      // A repair sends it all again, with the first reply.
      const base::Usage first = e.worst;
      add(e.worst, first);
      e.worst.prompt_tokens += first.completion_tokens;
      e.worst.cost_usd = shared_.estimator.cost(e.worst);
    }
    return e;
  }

  bool has_room() const override {
    if (asked_.empty() && shared_.estimator.known() > 0) return true;
    const int pending = shared_.server.dispatcher().pending();
    // Until the first reply is there nobody knows what one costs: it goes alone.
    if (shared_.estimator.known() == 0) return pending == 0;
    return pending < shared_.server.settings().jobs;
  }

  void begin(const base::Chunk& chunk) override {
    if (const std::string why = shared_.server.breaker().reason(); !why.empty()) give_up(why);
    PromptBuilder::Body body = shared_.prompt.chunk_body(chunk, server_);
    auto [entry, fresh] = asked_.emplace(chunk.index, Asked{ChunkFacts(chunk), body.size, {}, {}, 0, 0});
    if (!fresh) throw base::Error(base::ErrorCode::kInternal, "a chunk was begun twice", std::to_string(chunk.index));
    if (!server_.schema) entry->second.body = body.json;  // for a repair
    send(chunk.index, std::move(body.json));
  }

  std::vector<base::Finished> finished(bool wait) override {
    std::vector<base::Finished> done;
    while (!asked_.empty()) {
      std::deque<std::pair<int, Outcome>> arrived;
      {
        std::unique_lock lock(inbox_->mutex);
        if (wait && done.empty()) inbox_->arrival.wait(lock, [&] { return !inbox_->outcomes.empty(); });
        arrived.swap(inbox_->outcomes);
      }
      if (arrived.empty()) break;
      for (auto& [index, outcome] : arrived) {
        if (std::optional<base::CaptionResult> result = settle(index, std::move(outcome))) {
          asked_.erase(index);
          done.push_back({index, std::move(*result)});
        }
      }
    }
    return done;
  }

 private:
  struct Inbox {
    std::mutex mutex;
    std::condition_variable arrival;
    std::deque<std::pair<int, Outcome>> outcomes;
  };
  struct Asked {
    ChunkFacts chunk;
    RequestSize size;
    std::string body;  ///< kept where a repair may be needed
    base::Usage usage;
    int attempts = 0;
    int repairs = 0;
  };

  [[noreturn]] void give_up(const std::string& why) const {
    throw base::Error(base::ErrorCode::kModel, "the model server was given up: " + why, shared_.server.dispatcher().address().base,
                      "see to it, then run the same command again to go on; reelgraph doctor --endpoint URL looks at the server");
  }

  void send(int index, std::string body) {
    shared_.server.dispatcher().submit(shared_.server.dispatcher().address().chat(), std::move(body),
                                       [inbox = inbox_, index](Outcome outcome) {
                                         const std::lock_guard lock(inbox->mutex);
                                         inbox->outcomes.emplace_back(index, std::move(outcome));
                                         inbox->arrival.notify_one();
                                       });
  }

  base::CaptionResult failed(const Asked& asked, const std::string& why, bool may_pass) const {
    base::CaptionResult result;
    result.failure = why;
    result.retryable = may_pass;
    result.usage = asked.usage;
    result.attempts = std::max(1, asked.attempts);
    return result;
  }

  void count(Asked& asked, const ChatReply& reply, double seconds) {
    base::Usage usage;
    if (reply.usage) {
      usage = *reply.usage;
      if (asked.repairs == 0) shared_.estimator.learn(asked.size, usage, seconds);
    } else {
      usage = shared_.estimator.estimate(asked.size).expected;
      usage.completion_tokens = static_cast<std::int64_t>(reply.text.size() / 4);
      if (asked.repairs == 0) shared_.estimator.learn(asked.size, usage, seconds);
      std::call_once(shared_.told_no_usage, [&] {
        base::log(shared_.server.log(), base::LogLevel::kWarning, "the server does not say how many tokens it used; they are estimated");
      });
    }
    usage.cost_usd = shared_.estimator.cost(usage);
    add(asked.usage, usage);
  }

  /// Empty if the chunk is asked about once more (a repair).
  std::optional<base::CaptionResult> settle(int index, Outcome outcome) {
    Asked& asked = asked_.at(index);
    CircuitBreaker& breaker = shared_.server.breaker();
    asked.attempts += outcome.attempts;
    if (!outcome.ok) {
      if (outcome.sent) breaker.failed(outcome.failure);
      return failed(asked, outcome.failure, true);
    }
    ChatReply reply = parse_chat(outcome.reply.body);
    // JSON may spell a secret in escapes that the client could not see.
    reply.text = without_secret(std::move(reply.text), shared_.server.settings().api_key);
    reply.refusal = without_secret(std::move(reply.refusal), shared_.server.settings().api_key);
    reply.problem = without_secret(std::move(reply.problem), shared_.server.settings().api_key);
    count(asked, reply, outcome.seconds);
    std::string problem = reply.problem;
    bool repairable = false;
    if (problem.empty() && !reply.refusal.empty()) problem = "the model refuses: " + reply.refusal;
    if (problem.empty() && without_reasoning(reply.text).empty())
      problem = reply.cut_off ? "the model ran out of tokens before it answered (a larger --max-tokens may do)" : "the model said nothing";
    if (problem.empty()) {
      repairable = true;
      std::optional<nlohmann::json> json = find_object(reply.text, kKeys);
      if (json) blot_out(*json, shared_.server.settings().api_key);
      if (!json) {
        problem = reply.cut_off ? "the reply was cut off at " + std::to_string(shared_.server.settings().max_tokens) +
                                      " tokens (a larger --max-tokens may do)"
                                : "the reply holds no whole JSON object";
      } else if (problem = shared_.schema.problem(*json); !problem.empty()) {
        problem = "the reply does not fit: " + problem;
      } else {
        try {
          base::CaptionResult result;
          result.observation = read_reply(*json, asked.chunk, shared_.words);
          result.observation->provenance = {"vlm", server_.model, kVersion};
          result.usage = asked.usage;
          result.attempts = std::max(1, asked.attempts);
          breaker.succeeded();
          return result;
        } catch (const base::Error& error) {
          problem = "the reply does not fit: " + error.message();
        }
      }
    }
    if (repairable && !asked.body.empty() && asked.repairs == 0 && !breaker.is_open()) {
      ++asked.repairs;
      shared_.estimator.learn_repair();
      send(index, PromptBuilder::repair_body(std::exchange(asked.body, {}), reply.text, problem));
      return std::nullopt;
    }
    breaker.failed(problem);
    return failed(asked, problem, true);
  }

  Shared& shared_;
  const Capabilities server_;
  std::shared_ptr<Inbox> inbox_;
  std::map<int, Asked> asked_;
};

EndpointCaptioner::EndpointCaptioner(base::EndpointSettings settings, base::Profile profile, base::LogSink log)
    : shared_(std::make_unique<Shared>(std::move(settings), std::move(profile), std::move(log))) {}

EndpointCaptioner::~EndpointCaptioner() {
  if (shared_->estimator.known() > 0) shared_->server.cache().save_numbers(shared_->numbers_key(), shared_->estimator.save());
}

base::CaptionerIdentity EndpointCaptioner::identity() const {
  return {.kind = "endpoint", .model = shared_->server.model(), .version = kVersion, .prompt_version = shared_->prompt.version()};
}

bool EndpointCaptioner::wants_previous() const { return shared_->server.settings().continuity; }

std::unique_ptr<base::CaptionSession> EndpointCaptioner::rehearse(std::string& basis) {
  const auto count = [&] { return std::to_string(shared_->estimator.known()); };
  if (shared_->estimator.known() > 0) {
    basis = "what " + count() + " earlier replies took";
  } else {
    try {
      std::unique_ptr<base::CaptionSession> session = open("", {});
      const std::vector<base::Chunk> chunks{drawn_chunk(0, 8, shared_->server.settings().image_side),
                                            drawn_chunk(1, 1, shared_->server.settings().image_side),
                                            // smaller: some servers count pictures, others pixels
                                            drawn_chunk(2, 3, shared_->server.settings().image_side * 3 / 8)};
      for (const base::CaptionResult& result : session->describe(chunks)) {
        if (!result.observation)
          base::log(shared_->server.log(), base::LogLevel::kWarning, "rehearsal with drawn pictures: " + result.failure);
      }
      if (shared_->estimator.known() > 0) basis = count() + " requests with drawn pictures (nothing of a film was sent)";
    } catch (const base::Error& error) {
      if (error.code() != base::ErrorCode::kModel) throw;
      base::log(shared_->server.log(), base::LogLevel::kWarning, error.what());
    }
    if (basis.empty()) basis = "a rule of thumb only: the server could not be asked";
  }
  return std::make_unique<Session>(*shared_, shared_->server.remembered().value_or(Capabilities{}));
}

std::unique_ptr<base::CaptionSession> EndpointCaptioner::open(const std::string& /*video*/, const base::MediaInfo& /*media*/) {
  Server& server = shared_->server;
  const auto refuse = [&](const std::string& what, const std::string& cure) {
    throw base::Error(base::ErrorCode::kModel, what, server.dispatcher().address().base, cure);
  };
  if (const std::string why = server.breaker().reason(); !why.empty())
    refuse("the model server was given up: " + why, "see to it, then run the same command again to go on");
  const Capabilities& c = server.capabilities();
  if (!c.vision)
    refuse("the model " + c.model + " takes no pictures: " + c.vision_words, "serve a vision-language model, or name one with --model");
  return std::make_unique<Session>(*shared_, c);
}

}  // namespace reelgraph::captioner::endpoint
