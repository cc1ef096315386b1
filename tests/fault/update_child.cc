// What cloisterd does to its disk, a step at a time and in one thread, so that a fault can be put
// at each step again and again.
//
//   fault-update-child DIRECTORY update|override|rollback|fold
//
// Below DIRECTORY: data, trust, spool and threats.root.json. Prints "done" once what was asked for
// is acknowledged; exit code 1 with the reason if it was refused.

#include <iostream>
#include <memory>
#include <string>

#include "absl/time/clock.h"
#include "server/updates/feed_updater.h"
#include "storage/store/reputation_store.h"
#include "tests/fault/update_steps.h"

namespace cloister::fault {
namespace {

using storage::ReputationStore;

absl::Status Update(ReputationStore* store, const std::string& directory) {
  absl::StatusOr<std::unique_ptr<server::FeedUpdater>> updater =
      server::FeedUpdater::Create(UpdaterOptions(store, directory));
  if (!updater.ok()) return updater.status();
  const server::UpdateOutcome outcome = (*updater)->Poll(absl::Now());
  if (outcome.kind == server::UpdateOutcome::Kind::kRefused) return outcome.status;
  return absl::OkStatus();
}

absl::Status RollBack(ReputationStore* store) {
  const storage::AuditEvent event{absl::Now(), "fault test", "feed.rollback", "to version 1"};
  absl::Status s = store->SetDirective(kFeed, {.pinned = kOldVersion}, event);
  return s.ok() ? store->ServeKept(kFeed, kOldVersion) : s;
}

absl::Status Act(const std::string& action, ReputationStore* store, const std::string& directory) {
  if (action == "update") return Update(store, directory);
  if (action == "override") return store->SetOverride(OverriddenKey(), SampleOverride()).status();
  if (action == "rollback") return RollBack(store);
  if (action == "fold") return store->Fold(kFeed, 0, nullptr).status();
  return absl::InvalidArgumentError("no such action: " + action);
}

absl::Status Run(const std::string& directory, const std::string& action) {
  absl::StatusOr<std::unique_ptr<ReputationStore>> store =
      ReputationStore::Open(StoreOptions(directory));
  if (!store.ok()) return store.status();
  return Act(action, store->get(), directory);
}

}  // namespace
}  // namespace cloister::fault

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: fault-update-child DIRECTORY ACTION" << std::endl;
    return 2;
  }
  const absl::Status status = cloister::fault::Run(argv[1], argv[2]);
  std::cout << (status.ok() ? "done" : std::string(status.ToString())) << std::endl;
  return status.ok() ? 0 : 1;
}
