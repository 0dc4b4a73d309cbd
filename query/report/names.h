#pragma once
// What entities are called as a commentary goes on: in full first, then short, in full again when long unmentioned.

#include <map>
#include <string>
#include <vector>

#include "base/commentary.h"
#include "base/time.h"
#include "graph/store.h"

namespace reelgraph::query::report {

/// Borrows the commentary. Not for use from several threads.
class NameBook {
 public:
  explicit NameBook(const base::Commentary& commentary) : commentary_(commentary) {}

  /// Makes an entity known by its display name; the first name given stays. @param is_side sides are shortened by the profile only
  void meet(graph::RowId entity, const std::string& name, bool is_side);
  /// What it is called at `now`. Entities of one name are told apart by the profile's `twin`.
  /// @param again it was named in the same line before
  [[nodiscard]] std::string call(graph::RowId entity, base::Timestamp now, bool again = false) const;
  /// The same without what was said before: the whole name.
  [[nodiscard]] std::string whole(graph::RowId entity) const;
  /// It was named in a line that starts at `now`.
  void named(graph::RowId entity, base::Timestamp now);
  /// Sides of one name, each told once.
  [[nodiscard]] const std::vector<std::string>& twins() const { return twins_; }

 private:
  struct Known {
    std::string full, brief;
    std::string full_key, brief_key;  ///< folded
    bool is_side = false;
    int nth = 1;  ///< among those of one name
    base::Timestamp last = -1;
  };
  [[nodiscard]] std::string brief_of(const std::string& name, bool is_side) const;

  const base::Commentary& commentary_;
  std::map<graph::RowId, Known> known_;
  std::map<std::string, int> full_uses_, brief_uses_;
  std::vector<std::string> twins_;
};

/// n in the profile's words ("three"), else digits.
[[nodiscard]] std::string number_text(const base::Commentary& commentary, std::int64_t n);
/// n-th in the profile's words ("third"), else empty.
[[nodiscard]] std::string ordinal_text(const base::Commentary& commentary, std::int64_t n);

}  // namespace reelgraph::query::report
