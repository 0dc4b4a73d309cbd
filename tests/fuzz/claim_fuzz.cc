// Prose of models: checked without a fault, every sentence with citations that exist.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "query/claim_checker.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace reelgraph;
  static const query::WordCutter cutter;
  const std::vector<query::CitedEvidence> evidence{{"m", {0, 5 * base::kSecond}, "Pedro scores 2 goals at 0:00:03"}, {"n-1", {0, 1}, ""}};
  for (const query::CheckedSentence& s :
       query::check_claims(std::string(reinterpret_cast<const char*>(data), size), evidence, {}, cutter)) {
    for (const int n : s.citations) {
      if (n < 1 || n > 2) std::abort();
    }
    if (s.citations.empty() && s.verdict != query::Verdict::kDropped) std::abort();
  }
  return 0;
}
