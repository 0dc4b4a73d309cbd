#include "captioner/factory.h"

#include "base/error.h"
#include "captioner/profiles.h"
#include "tests/support/support.h"

using namespace reelgraph;
using captioner::CaptionerOptions;
using captioner::make_captioner;

namespace {

base::Error refusal(const CaptionerOptions& options) {
  try {
    static_cast<void>(make_captioner(options));
  } catch (const base::Error& e) {
    return e;
  }
  FAIL("nothing was refused");
  throw 0;
}

CaptionerOptions with_spec(const std::string& spec) {
  CaptionerOptions options;
  options.spec = spec;
  return options;
}

}  // namespace

TEST_CASE("signals is the default captioner and carries spans from chunk to chunk", "[captioner]") {
  const auto captioner = make_captioner({});
  CHECK(captioner->has_memory());
  CHECK(captioner->identity().kind == "signals");
  CHECK(captioner->batch_size() >= 1);
}

TEST_CASE("the identity changes with the options that change the description, and only with them", "[captioner]") {
  CaptionerOptions sensitive;
  sensitive.profile.signals["sensitivity"] = 2.0;
  CHECK(make_captioner({})->identity().prompt_version != make_captioner(sensitive)->identity().prompt_version);
  CaptionerOptions sports;
  sports.profile = captioner::load_profile("sports");
  CHECK(make_captioner({})->identity().prompt_version == make_captioner(sports)->identity().prompt_version);
}

TEST_CASE("models that this build does not have are refused with what works instead", "[captioner]") {
  for (const char* spec : {"local:/models/x"}) {
    const base::Error e = refusal(with_spec(spec));
    CHECK(e.code() == base::ErrorCode::kModel);
    CHECK_THAT(e.what(), Contains("signals") && Contains("import") && Contains(spec));
  }
}

TEST_CASE("a captioner over a server asks it nothing until a film is opened", "[captioner]") {
  CaptionerOptions options = with_spec("endpoint:http://127.0.0.1:1");
  options.endpoint.model = "some-model";
  const auto captioner = make_captioner(options);
  CHECK(captioner->is_concurrent());
  CHECK_FALSE(captioner->has_memory());
  CHECK(captioner->identity().model == "some-model");
  CHECK(refusal(with_spec("endpoint:nowhere")).code() == base::ErrorCode::kInvalidArgument);
}

TEST_CASE("an unknown captioner is a wrong option, named with those there are", "[captioner]") {
  const base::Error e = refusal(with_spec("clip"));
  CHECK(e.code() == base::ErrorCode::kInvalidArgument);
  CHECK_THAT(e.what(), Contains("\"clip\"") && Contains("local:FOLDER"));
}

TEST_CASE("options of signals are checked", "[captioner]") {
  for (const auto& [key, value] : {std::pair<const char*, nlohmann::json>{"sensitivity", 0},
                                   {"sensitivity", "much"},
                                   {"silent_db", 3},
                                   {"events_per_minute", 1.5},
                                   {"no_such_key", 1}}) {
    CaptionerOptions options;
    options.profile.signals[key] = value;
    const base::Error e = refusal(options);
    CHECK(e.code() == base::ErrorCode::kBadInput);
    CHECK_THAT(e.what(), Contains(key));
  }
}
