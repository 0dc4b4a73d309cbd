#include "captioner/endpoint/server.h"

#include <utility>

namespace reelgraph::captioner::endpoint {
namespace {

base::EndpointSettings checked(base::EndpointSettings settings) {
  validate(settings);
  return settings;
}

}  // namespace

Server::Server(base::EndpointSettings settings, base::LogSink log)
    : settings_(checked(std::move(settings))),
      log_(std::move(log)),
      breaker_(settings_.breaker),
      cache_(settings_.cache, parse_address(settings_.url).base) {
  Address address = parse_address(settings_.url);
  if (!settings_.api_key.empty() && !address.encrypted && !address.loopback)
    base::log(log_, base::LogLevel::kWarning, "the API key travels unencrypted to " + address.host + "; use https");
  dispatcher_ = std::make_unique<Dispatcher>(settings_, std::move(address), breaker_);
}

const Capabilities& Server::capabilities() {
  const std::lock_guard lock(mutex_);
  if (!capabilities_) {
    capabilities_ = cache_.load(settings_.model);
    if (!capabilities_) {
      capabilities_ = probe(*dispatcher_, settings_);
      cache_.save(settings_.model, *capabilities_);
    }
  }
  return *capabilities_;
}

const Capabilities& Server::probe_again() {
  const std::lock_guard lock(mutex_);
  capabilities_ = probe(*dispatcher_, settings_);
  cache_.save(settings_.model, *capabilities_);
  return *capabilities_;
}

std::string Server::model() { return settings_.model.empty() ? capabilities().model : settings_.model; }

}  // namespace reelgraph::captioner::endpoint
