#include "captioner/endpoint/doctor.h"

#include <cstdio>

#include "captioner/endpoint/server.h"

namespace reelgraph::captioner::endpoint {
namespace {

constexpr std::int64_t kSmallContext = 8192;  // tokens; eight pictures, the words of a profile and a reply need about 6000

}  // namespace

ServerReport examine(const base::EndpointSettings& settings, const base::LogSink& log) {
  Server server(settings, log);
  const Capabilities& c = server.probe_again();
  ServerReport report;
  report.facts = to_json(c);
  report.facts["address"] = server.dispatcher().address().base;
  char seconds[32];
  std::snprintf(seconds, sizeof seconds, "%.2f s", c.seconds);
  report.text = server.dispatcher().address().base + ": model " + c.model + ", " + (c.vision ? "takes pictures" : "takes no pictures") +
                ", " + (c.schema ? "keeps to a JSON schema" : "no JSON schema (replies are read leniently, with one repair)") + ", " +
                (c.context > 0 ? std::to_string(c.context) + " tokens of context" : "context not told") + ", " +
                (c.usage ? "reports tokens" : "reports no tokens (they are estimated)") + ", a small reply took " + seconds;
  if (!c.vision)
    report.problems.emplace_back("it cannot describe films: " + c.vision_words,
                                 "serve a vision-language model; for ask --answerer this one will do");
  if (c.vision && c.context > 0 && c.context < kSmallContext)
    report.problems.emplace_back("its context is small for 8 pictures",
                                 "serve it with a longer one, or use --frames-per-chunk 4 --image-side 384");
  return report;
}

}  // namespace reelgraph::captioner::endpoint
