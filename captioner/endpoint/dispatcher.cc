#include "captioner/endpoint/dispatcher.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <future>
#include <map>
#include <utility>

#include "base/error.h"
#include "captioner/endpoint/pace.h"
#include "captioner/endpoint/retry.h"

namespace reelgraph::captioner::endpoint {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

milliseconds ms(double seconds) { return milliseconds(static_cast<std::int64_t>(std::ceil(seconds * 1000))); }

}  // namespace

struct Dispatcher::Job {
  std::string url, body;
  Done done;
  int tries = 1;
  int attempts = 0;
  Clock::time_point asked = Clock::now();
  Clock::time_point deadline;
  Clock::time_point not_before = asked;
  std::string last_failure;
};

Dispatcher::Dispatcher(const base::EndpointSettings& settings, Address address, CircuitBreaker& breaker)
    : settings_(settings), address_(std::move(address)), breaker_(breaker), thread_([this] { work(); }) {}

Dispatcher::~Dispatcher() {
  stopping_ = true;
  client_.wake();
  thread_.join();
}

void Dispatcher::submit(std::string url, std::string body, Done done, int tries) {
  auto job = std::make_unique<Job>();
  job->url = std::move(url);
  job->body = std::move(body);
  job->done = std::move(done);
  job->tries = tries > 0 ? tries : settings_.tries;
  job->deadline = job->asked + ms(settings_.overall_timeout_s);
  ++pending_;
  {
    const std::lock_guard lock(mutex_);
    inbox_.push_back(std::move(job));
  }
  client_.wake();
}

Outcome Dispatcher::run(std::string url, std::string body, int tries) {
  auto promise = std::make_shared<std::promise<Outcome>>();
  std::future<Outcome> future = promise->get_future();
  submit(
      std::move(url), std::move(body), [promise](Outcome outcome) { promise->set_value(std::move(outcome)); }, tries);
  return future.get();
}

void Dispatcher::work() {
  Pace pace(settings_.jobs);
  Backoff backoff(settings_.backoff_s);
  std::deque<std::unique_ptr<Job>> waiting;
  std::map<HttpClient::Id, std::unique_ptr<Job>> sent;
  HttpClient::Id next_id = 0;

  const auto finish = [this](std::unique_ptr<Job> job, Outcome outcome) {
    outcome.attempts = job->attempts;
    outcome.seconds = std::chrono::duration<double>(Clock::now() - job->asked).count();
    --pending_;
    job->done(std::move(outcome));
  };
  const auto fail = [&](std::unique_ptr<Job> job, HttpReply reply, const std::string& reason) {
    Outcome outcome;
    outcome.sent = job->attempts > 0;
    outcome.reply = std::move(reply);
    outcome.failure = reason;
    if (job->attempts > 1) outcome.failure += " (after " + std::to_string(job->attempts) + " tries)";
    finish(std::move(job), std::move(outcome));
  };

  while (!stopping_) {
    {
      const std::lock_guard lock(mutex_);
      for (auto& job : inbox_) waiting.push_back(std::move(job));
      inbox_.clear();
    }
    Clock::time_point now = Clock::now();
    const bool open = breaker_.is_open();
    milliseconds nap{1000};
    const auto wait_until = [&](Clock::time_point at) {
      nap = std::clamp(std::chrono::duration_cast<milliseconds>(at - now) + milliseconds(1), milliseconds(0), nap);
    };
    for (std::size_t i = 0; i < waiting.size();) {
      Job& job = *waiting[i];
      const auto take = [&] {
        std::unique_ptr<Job> taken = std::move(waiting[i]);
        waiting.erase(waiting.begin() + static_cast<std::ptrdiff_t>(i));
        return taken;
      };
      if (open) {
        fail(take(), {}, job.last_failure.empty() ? "not sent: the server was given up" : std::string(job.last_failure));
        continue;
      }
      const Clock::time_point start = std::max(job.not_before, pace.paused_until());
      if (start >= job.deadline) {
        fail(take(), {}, (job.last_failure.empty() ? "" : job.last_failure + "; ") + std::string("no time is left for another try"));
        continue;
      }
      if (start > now) {
        wait_until(start);
        ++i;
        continue;
      }
      if (static_cast<int>(sent.size()) >= pace.limit()) break;
      std::unique_ptr<Job> taken = take();
      HttpRequest request;
      request.url = taken->url;
      request.body = taken->body;
      request.bearer = settings_.api_key;
      request.ca_file = settings_.ca_file;
      request.no_proxy = address_.loopback;
      request.timeout =
          std::min(ms(settings_.request_timeout_s), std::chrono::duration_cast<milliseconds>(taken->deadline - now) + milliseconds(1));
      request.connect_timeout = std::min(request.timeout, milliseconds(10'000));
      ++taken->attempts;
      client_.start(next_id, std::move(request));
      sent[next_id++] = std::move(taken);
    }
    for (HttpClient::Done& done : client_.work(nap)) {
      std::unique_ptr<Job> job = std::move(sent.extract(done.id).mapped());
      now = Clock::now();
      const Judgement judged = judge(done.reply);
      if (judged.verdict == Verdict::kOk) {
        pace.succeeded();
        Outcome outcome;
        outcome.ok = true;
        outcome.reply = std::move(done.reply);
        finish(std::move(job), std::move(outcome));
        continue;
      }
      if (judged.overloaded) pace.overloaded(now, judged.wait.value_or(milliseconds(0)));
      if (judged.verdict == Verdict::kRetry && job->attempts < job->tries && !breaker_.is_open()) {
        job->last_failure = judged.reason;
        job->not_before = now + backoff.after(job->attempts, judged.wait);
        if (job->not_before < job->deadline) {
          waiting.push_back(std::move(job));
          continue;
        }
        const std::string reason =
            judged.wait ? judged.reason + "; it asks us to wait longer than we may" : judged.reason + "; no time is left for another try";
        fail(std::move(job), std::move(done.reply), reason);
        continue;
      }
      if (judged.verdict == Verdict::kFatal) breaker_.give_up(judged.reason);
      fail(std::move(job), std::move(done.reply), judged.reason);
    }
  }
}

void validate(const base::EndpointSettings& s) {
  const auto need = [](bool good, const std::string& what, const std::string& range) {
    if (!good) throw base::Error(base::ErrorCode::kInvalidArgument, what + " must be " + range, "endpoint");
  };
  need(s.jobs >= 1 && s.jobs <= 1024, "--jobs", "1 to 1024");
  need(s.image_side >= 16 && s.image_side <= 4096, "--image-side", "16 to 4096 pixels");
  need(s.max_tokens >= 1 && s.max_tokens <= 1'000'000, "--max-tokens", "1 to 1000000");
  need(s.request_timeout_s > 0 && s.request_timeout_s <= 86400, "--request-timeout", "more than 0 and at most 86400 s");
  need(s.overall_timeout_s > 0 && s.overall_timeout_s <= 7 * 86400, "--chunk-timeout", "more than 0 and at most 604800 s");
  need(s.tries >= 1 && s.tries <= 100, "--tries", "1 to 100");
  need(s.backoff_s >= 0 && s.backoff_s <= 60, "the first wait", "0 to 60 s");
  need(s.price_prompt >= 0 && s.price_completion >= 0, "a price", "0 or more");
  need(s.api_key.size() <= 8192 && std::all_of(s.api_key.begin(), s.api_key.end(), [](char c) { return c > 0x20 && c < 0x7f; }),
       "the API key", "one word of printable ASCII");
  need(s.api_key.empty() || s.api_key.size() >= 4, "the API key", "at least 4 characters long");
}

}  // namespace reelgraph::captioner::endpoint
