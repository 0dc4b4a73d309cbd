#pragma once
// The state of a simulated warehouse. Internal to sim/warehouse.

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "sim/agenda.h"
#include "sim/random.h"
#include "sim/warehouse/driver.h"
#include "sim/warehouse/geometry.h"
#include "sim/warehouse/process.h"

namespace reelgraph::sim {

/// Plays from `-warm_up` to the end of the film. Not copied or moved: what is due refers to it.
class Hall {
 public:
  /// @param record false: only counts
  Hall(const WarehouseSettings& settings, const Floor& floor, double warm_up, bool record);
  Hall(const Hall&) = delete;
  Hall& operator=(const Hall&) = delete;

  void run();
  /// Pallets that the racks took in since the film began.
  [[nodiscard]] int stored() const { return stored_; }
  [[nodiscard]] World take() { return std::move(world_); }

 private:
  enum class Where : std::uint8_t { kDock, kStaging, kStation, kStorage };
  enum class State : std::uint8_t { kComing, kReady, kAtWork, kDone, kMoving };

  struct Pallet {
    int number = 0;
    Load load = Load::kBoxes;
    int actor = -1;
    Where where = Where::kDock;
    State state = State::kComing;
    int slot = 0;
    bool claimed = false;                       ///< a forklift or a worker is on its way to it
    double since = 0;                           ///< in this state
    double waits_from = -1, blocked_from = -1;  ///< -1: it does not
    int standing = -1;                          ///< index into the world's
  };
  struct Forklift {
    std::string name;
    int actor = -1;
    Way way;
    Lane lane;
    bool docks, stations;  ///< whose pallets it fetches
    bool busy = false;
    double idle_from = 0;
    int zone = -1;  ///< before which it stands; -1: none
    double factor = 1;
  };
  struct Worker {
    std::string name;
    int actor = -1;
    Way way;
    int mover = -1;
    int post = -1;  ///< index of the station beside which it is; -1: on a break
    bool busy = false;
    double idle_from = 0, next_break = 0, speed = 1.1;
    int breaks = 0;
  };
  struct Door {
    bool busy = false;
    int number = 0;    ///< of the pallet that stands behind it; 0: none
    double since = 0;  ///< that it stands there
  };
  struct Task {
    int pallet;
    Where to;
    int slot;
  };

  [[nodiscard]] Random stream(int purpose, int pallet, int leg = 0) const;
  void add_movers();
  void arrivals();
  void dispatch();
  void serve_doors();
  void come_in(int dock, int slot, int number);
  [[nodiscard]] std::optional<Task> next_task(const Forklift& forklift) const;
  void carry(Forklift& forklift, const Task& task);
  void set_down(int pallet, Where where, int slot);
  void serve_stations();
  void work(int worker, int pallet);
  void finish(int worker, int pallet);
  void take_break(int worker);
  void come_back(int worker);
  void note_blocks();
  void finish_film();

  [[nodiscard]] std::vector<int>& held(Where where) { return held_[static_cast<std::size_t>(where)]; }
  [[nodiscard]] const std::vector<int>& held(Where where) const { return held_[static_cast<std::size_t>(where)]; }
  [[nodiscard]] const std::vector<Slot>& slots(Where where) const;
  [[nodiscard]] int free_slot(Where where) const;  ///< -1: none
  [[nodiscard]] int oldest(Where where, State state) const;
  [[nodiscard]] int zone_actor(int zone);
  [[nodiscard]] int pallet_actor(int number);
  void tell(const char* type, double from, double to, std::vector<std::pair<int, std::string>> parts, nlohmann::json attributes);
  void end_wait(Pallet& pallet, double until);
  void end_block(Pallet& pallet, double until);
  [[nodiscard]] Pallet& pallet(int index) { return pallets_[static_cast<std::size_t>(index)]; }
  [[nodiscard]] const Pallet& pallet(int index) const { return pallets_[static_cast<std::size_t>(index)]; }

  const WarehouseSettings settings_;
  const Geometry geometry_;
  const Random root_;
  const double warm_up_;
  const bool record_;
  World world_;
  Agenda agenda_;
  Random yard_random_;
  int yard_ = 0, numbers_ = 0, in_hall_ = 0, stored_ = 0;
  double walkway_free_ = -1e9;
  std::vector<Pallet> pallets_;
  std::vector<int> present_;  ///< indices of pallets that are in the hall
  std::vector<Forklift> forklifts_;
  std::vector<Worker> workers_;
  std::vector<Door> doors_;
  std::array<std::vector<int>, 4> held_;  ///< by slot: index of the pallet, -1 free, -2 promised
};

}  // namespace reelgraph::sim
