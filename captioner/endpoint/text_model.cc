#include "captioner/endpoint/text_model.h"

#include "base/error.h"
#include "captioner/endpoint/prompt.h"
#include "captioner/endpoint/reply_parser.h"
#include "captioner/endpoint/server.h"
#include "captioner/endpoint/usage.h"

namespace reelgraph::captioner::endpoint {
namespace {

class EndpointTextModel final : public base::TextModel {
 public:
  EndpointTextModel(const base::EndpointSettings& settings, const base::LogSink& log) : server_(settings, log), estimator_(settings) {}

  std::string name() const override { return server_.model(); }

  base::TextReply write(const base::TextRequest& request) override {
    const Capabilities& c = server_.capabilities();
    const std::string where = server_.dispatcher().address().base;
    const PromptBuilder::Body body = text_body(request, server_.settings(), c);
    const Outcome outcome = server_.dispatcher().run(server_.dispatcher().address().chat(), body.json);
    if (!outcome.ok)
      throw base::Error(base::ErrorCode::kModel, outcome.failure, where, "reelgraph doctor --endpoint URL looks at the server");
    ChatReply reply = parse_chat(outcome.reply.body);
    const std::string& key = server_.settings().api_key;
    if (!reply.problem.empty()) throw base::Error(base::ErrorCode::kModel, without_secret(reply.problem, key), where);
    if (!reply.refusal.empty())
      throw base::Error(base::ErrorCode::kModel, "the model refuses: " + without_secret(reply.refusal, key), where);
    base::TextReply text;
    text.text = without_secret(std::string(without_reasoning(reply.text)), key);
    text.cut_off = reply.cut_off;
    text.usage = reply.usage ? *reply.usage : estimator_.estimate(body.size).expected;
    text.usage.cost_usd = estimator_.cost(text.usage);
    return text;
  }

 private:
  mutable Server server_;
  Estimator estimator_;
};

}  // namespace

std::unique_ptr<base::TextModel> make_text_model(const base::EndpointSettings& settings, const base::LogSink& log) {
  return std::make_unique<EndpointTextModel>(settings, log);
}

}  // namespace reelgraph::captioner::endpoint
