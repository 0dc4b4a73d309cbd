#include "query/report/names.h"

#include <algorithm>

#include "graph/folding.h"

namespace reelgraph::query::report {
namespace {

constexpr base::Duration kForgotten = 15 * base::kMinute;  // then a name is given in full again

void replace_slot(std::string& text, const std::string& slot, const std::string& by) {
  const std::size_t at = text.find(slot);
  if (at != std::string::npos) text.replace(at, slot.size(), by);
}

}  // namespace

std::string NameBook::brief_of(const std::string& name, bool is_side) const {
  for (const auto& [full, brief] : commentary_.short_names) {
    if (full == name) return brief;
  }
  if (is_side) return name;
  std::size_t at = name.rfind(' ');
  if (at == std::string::npos) return name;
  while (at > 0) {  // "De Bruyne", "van der Sar"
    const std::size_t before = name.rfind(' ', at - 1);
    const std::size_t begin = before == std::string::npos ? 0 : before + 1;
    const std::string word = graph::fold_name(name.substr(begin, at - begin));
    if (begin == 0 || std::find(commentary_.particles.begin(), commentary_.particles.end(), word) == commentary_.particles.end()) break;
    at = before;
  }
  return name.substr(at + 1);
}

void NameBook::meet(graph::RowId entity, const std::string& name, bool is_side) {
  if (known_.contains(entity)) return;
  Known k;
  k.full = name;
  k.is_side = is_side;
  k.brief = brief_of(name, is_side);
  k.full_key = graph::fold_name(name);
  k.brief_key = graph::fold_name(k.brief);
  k.nth = ++full_uses_[k.full_key];
  if (is_side && k.nth == 2) twins_.push_back(name);
  ++brief_uses_[k.brief_key];
  known_.emplace(entity, std::move(k));
}

std::string NameBook::whole(graph::RowId entity) const {
  const auto it = known_.find(entity);
  if (it == known_.end()) return {};
  const Known& k = it->second;
  if (full_uses_.at(k.full_key) < 2) return k.full;
  std::string text = commentary_.twin;
  replace_slot(text, "{name}", k.full);
  std::string nth = ordinal_text(commentary_, k.nth);
  replace_slot(text, "{nth}", nth.empty() ? std::to_string(k.nth) : nth);
  return text;
}

std::string NameBook::call(graph::RowId entity, base::Timestamp now, bool again) const {
  const auto it = known_.find(entity);
  if (it == known_.end()) return {};
  const Known& k = it->second;
  const bool fresh = again || (k.last >= 0 && now - k.last < kForgotten);
  if (!fresh || brief_uses_.at(k.brief_key) > 1 || full_uses_.at(k.full_key) > 1) return whole(entity);
  return k.brief;
}

void NameBook::named(graph::RowId entity, base::Timestamp now) {
  const auto it = known_.find(entity);
  if (it != known_.end()) it->second.last = now;
}

std::string number_text(const base::Commentary& commentary, std::int64_t n) {
  if (n >= 0 && n < static_cast<std::int64_t>(commentary.numbers.size())) return commentary.numbers[static_cast<std::size_t>(n)];
  return std::to_string(n);
}

std::string ordinal_text(const base::Commentary& commentary, std::int64_t n) {
  if (n >= 1 && n <= static_cast<std::int64_t>(commentary.ordinals.size())) return commentary.ordinals[static_cast<std::size_t>(n) - 1];
  return {};
}

}  // namespace reelgraph::query::report
