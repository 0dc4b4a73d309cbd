#pragma once
// What the event and entity types of profile `warehouse` mean to an operations report: the one place that knows their names.

#include <cstdint>
#include <string_view>

namespace reelgraph::query::report {

enum class Activity : std::uint8_t {
  kArrive,
  kEnter,
  kLeave,
  kWait,
  kPickUp,
  kDrop,
  kProcess,
  kTravel,
  kBlock,
  kIdle,
  kBreakdown,
  kNearMiss,
  kOther,  ///< of another profile: tells that somebody was there
};

enum class ActorKind : std::uint8_t {
  kUnknown,   ///< decided by the part it plays
  kGoods,     ///< what flows: the case of process mining
  kResource,  ///< who or what works on goods or carries them
  kPlace,
};

/// By the event's type; `load` and `unload` are work at a station.
[[nodiscard]] Activity activity_of(std::string_view event_type);
/// By the entity's type.
[[nodiscard]] ActorKind kind_of(std::string_view entity_type);
/// A resource that goes from place to place, rather than somebody at a place.
[[nodiscard]] bool is_carrier(std::string_view entity_type);
/// The type's name in the profile ("pick_up").
[[nodiscard]] std::string_view name_of(Activity activity);

}  // namespace reelgraph::query::report
