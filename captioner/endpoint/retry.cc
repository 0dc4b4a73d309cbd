#include "captioner/endpoint/retry.h"

#include <curl/curl.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/observation_json.h"
#include "base/utf8.h"

namespace reelgraph::captioner::endpoint {
namespace {

constexpr double kLongestBackoff = 60;       // seconds
constexpr double kLongestRetryAfter = 1e7;   // seconds; whatever waits longer than a deadline fails by it
constexpr std::size_t kMostErrorText = 300;  // bytes
constexpr std::size_t kMostErrorBody = 64 << 10;

}  // namespace

std::optional<std::chrono::milliseconds> parse_retry_after(const std::string& text, std::chrono::system_clock::time_point now) {
  if (text.empty()) return std::nullopt;
  double seconds = 0;
  const auto [stop, failure] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (failure != std::errc{} || stop != text.data() + text.size()) {
    const std::time_t date = curl_getdate(text.c_str(), nullptr);
    if (date < 0) return std::nullopt;
    seconds = std::chrono::duration<double>(std::chrono::system_clock::from_time_t(date) - now).count();
    seconds = std::max(seconds, 0.0);
  }
  if (!std::isfinite(seconds) || seconds < 0) return std::nullopt;
  return std::chrono::milliseconds(static_cast<std::int64_t>(std::min(seconds, kLongestRetryAfter) * 1000));
}

std::string error_words(const std::string& body) {
  std::string text;
  const nlohmann::json json = body.size() <= kMostErrorBody ? nlohmann::json::parse(body, nullptr, false) : nlohmann::json();
  const auto take = [&text](const nlohmann::json& value) {
    if (text.empty() && value.is_string()) text = value.get<std::string>();
  };
  if (json.is_object()) {
    if (const auto error = json.find("error"); error != json.end()) {
      take(*error);
      if (error->is_object()) take(error->value("message", nlohmann::json()));
    }
    take(json.value("message", nlohmann::json()));
    take(json.value("detail", nlohmann::json()));
  }
  if (text.empty() && !body.empty() && body.front() != '<') text = body.substr(0, 4 * kMostErrorText);
  return base::ellipsize(base::clean_line(base::sanitize_utf8(text), 4 * kMostErrorText), kMostErrorText);
}

Judgement judge(const HttpReply& reply, std::chrono::system_clock::time_point now) {
  Judgement j;
  const auto give = [&j](Verdict verdict, const std::string& reason) {
    j.verdict = verdict;
    j.reason = reason;
    return j;
  };
  if (reply.too_large) return give(Verdict::kFailed, reply.error);
  if (reply.certificate) return give(Verdict::kFatal, reply.error);
  if (reply.status == 0) return give(Verdict::kRetry, reply.error.empty() ? "the connection broke" : reply.error);
  const int s = reply.status;
  if (s == 200) return reply.body.empty() ? give(Verdict::kRetry, "the reply is empty") : j;
  std::string words = "the server says " + std::to_string(s);
  if (s == 429) words += " (too many requests)";
  if (s == 401 || s == 403) words += " (the key is missing, wrong or not allowed to do this)";
  if (s == 404) words += " (no such model or address)";
  if (s >= 300 && s < 400)
    words += ", sending us to " + (reply.location.empty() ? std::string("another place") : reply.location) + ", where we do not go";
  if (const std::string detail = error_words(reply.body); !detail.empty()) words += ": " + detail;
  j.wait = parse_retry_after(reply.retry_after, now);
  j.overloaded = s == 429 || s == 503;
  if (s == 408 || s == 409 || s == 425 || s == 429 || s >= 500) return give(Verdict::kRetry, words);
  if (s == 401 || s == 403 || s == 404) return give(Verdict::kFatal, words);
  return give(Verdict::kFailed, words);
}

std::chrono::milliseconds Backoff::after(int attempt, std::optional<std::chrono::milliseconds> asked) {
  const double whole = std::min(kLongestBackoff, first_s_ * std::pow(2.0, std::clamp(attempt - 1, 0, 30)));
  const double seconds = std::uniform_real_distribution<double>(whole / 2, whole)(random_);
  const std::chrono::milliseconds own(static_cast<std::int64_t>(seconds * 1000));
  return asked ? std::max(*asked + own / 10, own) : own;
}

}  // namespace reelgraph::captioner::endpoint
