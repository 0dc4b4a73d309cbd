#include "cli/endpoint.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/error.h"

namespace reelgraph::cli {
namespace {

constexpr std::uintmax_t kLongestKeyFile = 16 << 10;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

/// Without the white space around it, which editors and shells leave.
std::string trimmed(const std::string& text) {
  const std::size_t from = text.find_first_not_of(" \t\r\n");
  return from == std::string::npos ? std::string() : text.substr(from, text.find_last_not_of(" \t\r\n") - from + 1);
}

std::string read_key(const std::filesystem::path& file) {
  std::error_code error;
  const auto refuse = [&](const std::string& what) {
    throw base::Error(base::ErrorCode::kBadInput, what, file.string(), "give a file that holds the API key and nothing else");
  };
  if (!std::filesystem::is_regular_file(file, error)) refuse("there is no such key file");
  if (std::filesystem::file_size(file, error) > kLongestKeyFile) refuse("is too large for a key file");
  std::ifstream in(file, std::ios::binary);
  if (!in) refuse("cannot be read");
  const std::string key = trimmed({std::istreambuf_iterator<char>(in), {}});
  if (key.empty()) refuse("the key file is empty");
  return key;
}

std::filesystem::path cache_folder() {
  std::filesystem::path folder = variable("XDG_CACHE_HOME");
  if (!folder.is_absolute()) {
    const std::string home = variable("HOME");
    if (home.empty()) return {};
    folder = std::filesystem::path(home) / ".cache";
  }
  return folder / "reelgraph";
}

}  // namespace

void add_endpoint(CLI::App& app, EndpointOptions& options) {
  app.add_option("--model", options.model, "Model of an endpoint [the only one it offers]")->type_name("NAME");
  app.add_option("--api-key-file", options.api_key_file, "File with the endpoint's key [REELGRAPH_API_KEY]")->type_name("FILE");
  app.add_option("--ca-file", options.ca_file, "Certificates to trust an endpoint by, PEM [the system's]")->type_name("FILE");
  app.add_option("--request-timeout", options.request_timeout, "Longest wait for one reply of an endpoint, seconds [300]")
      ->type_name("N")
      ->check(CLI::Range(0.001, 86400.0));
}

base::EndpointSettings endpoint_settings(const EndpointOptions& options, const Config& config) {
  base::EndpointSettings settings;
  const auto text = [&](const std::string& given, const char* key) { return !given.empty() ? given : config.text(key).value_or(""); };
  settings.model = text(options.model, "model");
  settings.ca_file = text(options.ca_file, "ca_file");
  const std::string key_file = text(options.api_key_file, "api_key_file");
  const std::string key = trimmed(variable("REELGRAPH_API_KEY"));
  // What was typed says more than the environment, and the environment more than the config.
  settings.api_key = options.api_key_file.empty() && !key.empty() ? key : !key_file.empty() ? read_key(key_file) : std::string();
  settings.cache = cache_folder();
  if (options.request_timeout > 0) settings.request_timeout_s = options.request_timeout;
  settings.image_side = static_cast<int>(config.number("image_side").value_or(settings.image_side));
  settings.max_tokens = static_cast<int>(config.number("max_tokens").value_or(settings.max_tokens));
  settings.price_prompt = config.number("price_prompt").value_or(0);
  settings.price_completion = config.number("price_completion").value_or(0);
  return settings;
}

std::string endpoint_url(const std::string& spec) {
  static const std::string kPrefix = "endpoint:";
  return spec.rfind(kPrefix, 0) == 0 ? spec.substr(kPrefix.size()) : std::string();
}

}  // namespace reelgraph::cli
