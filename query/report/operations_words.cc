#include "query/report/operations_words.h"

#include <algorithm>
#include <array>
#include <utility>

namespace reelgraph::query::report {
namespace {

constexpr std::array kActivities = std::to_array<std::pair<std::string_view, Activity>>({
    {"arrive", Activity::kArrive},
    {"enter", Activity::kEnter},
    {"leave", Activity::kLeave},
    {"wait", Activity::kWait},
    {"pick_up", Activity::kPickUp},
    {"drop", Activity::kDrop},
    {"process", Activity::kProcess},
    {"load", Activity::kProcess},
    {"unload", Activity::kProcess},
    {"travel", Activity::kTravel},
    {"block", Activity::kBlock},
    {"idle", Activity::kIdle},
    {"breakdown", Activity::kBreakdown},
    {"near_miss", Activity::kNearMiss},
});

constexpr std::array kActorKinds = std::to_array<std::pair<std::string_view, ActorKind>>({
    {"pallet", ActorKind::kGoods},
    {"package", ActorKind::kGoods},
    {"worker", ActorKind::kResource},
    {"forklift", ActorKind::kResource},
    {"agv", ActorKind::kResource},
    {"dock", ActorKind::kPlace},
    {"station", ActorKind::kPlace},
    {"conveyor", ActorKind::kPlace},
    {"rack", ActorKind::kPlace},
    {"place", ActorKind::kPlace},
    {"zone", ActorKind::kPlace},
});

}  // namespace

Activity activity_of(std::string_view event_type) {
  const auto* const found = std::find_if(kActivities.begin(), kActivities.end(), [&](const auto& row) { return row.first == event_type; });
  return found == kActivities.end() ? Activity::kOther : found->second;
}

ActorKind kind_of(std::string_view entity_type) {
  const auto* const found = std::find_if(kActorKinds.begin(), kActorKinds.end(), [&](const auto& row) { return row.first == entity_type; });
  return found == kActorKinds.end() ? ActorKind::kUnknown : found->second;
}

bool is_carrier(std::string_view entity_type) { return entity_type == "forklift" || entity_type == "agv"; }

std::string_view name_of(Activity activity) {
  const auto* const found = std::find_if(kActivities.begin(), kActivities.end(), [&](const auto& row) { return row.second == activity; });
  return found == kActivities.end() ? "seen" : found->first;
}

}  // namespace reelgraph::query::report
