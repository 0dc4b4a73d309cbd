#include "captioner/signals/assignment.h"

#include <algorithm>
#include <limits>

namespace reelgraph::captioner::signals {

std::vector<int> assign(const std::vector<std::vector<double>>& cost) {
  const std::size_t rows = cost.size();
  std::vector<int> result(rows, -1);
  if (rows == 0 || cost.front().empty()) return result;
  // A square with dummies at the forbidden price: whoever gets one stays alone.
  const std::size_t n = std::max(rows, cost.front().size());
  const auto price = [&](std::size_t r, std::size_t c) {
    return r < rows && c < cost.front().size() ? std::min(cost[r][c], kForbidden) : kForbidden;
  };
  std::vector<double> u(n + 1, 0), v(n + 1, 0);
  std::vector<std::size_t> row_of(n + 1, 0), way(n + 1, 0);
  for (std::size_t i = 1; i <= n; ++i) {
    row_of[0] = i;
    std::size_t column = 0;
    std::vector<double> least(n + 1, std::numeric_limits<double>::infinity());
    std::vector<bool> used(n + 1, false);
    do {
      used[column] = true;
      const std::size_t row = row_of[column];
      std::size_t next = 0;
      double delta = std::numeric_limits<double>::infinity();
      for (std::size_t c = 1; c <= n; ++c) {
        if (used[c]) continue;
        const double reduced = price(row - 1, c - 1) - u[row] - v[c];
        if (reduced < least[c]) {
          least[c] = reduced;
          way[c] = column;
        }
        if (least[c] < delta) {
          delta = least[c];
          next = c;
        }
      }
      for (std::size_t c = 0; c <= n; ++c) {
        if (used[c]) {
          u[row_of[c]] += delta;
          v[c] -= delta;
        } else {
          least[c] -= delta;
        }
      }
      column = next;
    } while (row_of[column] != 0);
    do {
      const std::size_t before = way[column];
      row_of[column] = row_of[before];
      column = before;
    } while (column != 0);
  }
  for (std::size_t c = 1; c <= cost.front().size(); ++c) {
    const std::size_t row = row_of[c];
    if (row >= 1 && row <= rows && cost[row - 1][c - 1] < kForbidden) result[row - 1] = static_cast<int>(c - 1);
  }
  return result;
}

}  // namespace reelgraph::captioner::signals
