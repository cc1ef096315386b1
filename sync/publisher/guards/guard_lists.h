// What the guards know: every list that GuardOptions names, read once.

#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "reputation/protection/protected_set.h"
#include "sync/publisher/guards/import_guard.h"

namespace cloister::publisher {

// Objects, and for each the guard that knows it.
class GuardedSet {
 public:
  // Objects of `guard`; `add` fills them in, and begins sources.
  template <typename Add>
  absl::Status AddFor(Guard guard, const Add& add) {
    absl::Status added = add(&objects_);
    guards_.resize(objects_.sources(), guard);
    return added;
  }
  void Sort() { objects_.Sort(); }
  const reputation::ProtectedSet& objects() const { return objects_; }
  Guard guard_of(size_t source) const { return guards_[source]; }

  struct Found {
    Guard guard;
    std::string why;
  };
  std::optional<Found> Find(const reputation::LookupKey& key, reputation::Scope scope) const;

 private:
  reputation::ProtectedSet objects_;
  std::vector<Guard> guards_;  // by the number of the source
};

struct GuardLists {
  // Names and digests, those of guards that refuse first: of several guards they are found. And the
  // networks of warning lists.
  GuardedSet objects;
  // Names that have guarded ones below them.
  GuardedSet parents;
  GuardedSet special_networks;
  GuardedSet own_networks;
  absl::flat_hash_set<std::string> own_domains;
  absl::flat_hash_set<std::string> allowed;  // bytes of lookup keys
};

GuardAction ActionOf(const GuardOptions& options, Guard guard);

// Guards that are off are left out. InvalidArgument names the setting, file, line and mend.
absl::StatusOr<GuardLists> ReadGuardLists(const GuardOptions& options);

}  // namespace cloister::publisher
