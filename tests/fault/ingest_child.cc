// The program that the kill test kills: serves one version after another and changes overrides,
// saying what it does, until it is killed.
//
//   fault-ingest-child DIRECTORY FIRST_OVERRIDE

#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tests/fault/ingest_steps.h"

namespace cloister::storage {
namespace {

constexpr uint64_t kDeltas = 8;

// One write: a line is never torn, and it is in the pipe before the step goes on.
void Report(absl::string_view what, absl::string_view step, uint64_t number) {
  std::string line = absl::StrCat(what, " ", step, " ", number, "\n");
  if (write(STDOUT_FILENO, line.data(), line.size()) != static_cast<ssize_t>(line.size())) _exit(1);
}

void Require(const absl::Status& status) {
  if (status.ok()) return;
  std::cerr << status << std::endl;
  _exit(1);
}

class Child {
 public:
  Child(ReputationStore* store, uint64_t first_override)
      : store_(*store), feed_(*store, kFaultFeed), next_override_(first_override) {}

  void ServeNext() {
    uint64_t version = store_.Current()->feeds()[0].version + 1;
    Report("begin", "serve", version);
    bool as_delta =
        !spec_.packs.empty() && spec_.version + 1 == version && spec_.packs.size() < 2 + kDeltas;
    spec_ = as_delta
                ? feed_.Delta(spec_, VersionEntries(version - 1), version, VersionEntries(version))
                : feed_.Snapshot(version, VersionEntries(version), 2);
    Require(store_.Serve(spec_));
    Report("done", "serve", version);
  }

  void ChangeOverrides() {
    uint64_t number = next_override_++;
    Report("begin", "set", number);
    Require(store_.SetOverride(OverrideKey(number), NumberedOverride(number)).status());
    Report("done", "set", number);
    if (number % 3 != 0) return;
    Report("begin", "delete", number);
    Require(store_
                .DeleteOverride(OverrideKey(number), "ingest_child", "kill test",
                                absl::FromUnixSeconds(1'700'000'001))
                .status());
    Report("done", "delete", number);
  }

 private:
  ReputationStore& store_;
  const SampleFeed feed_;
  VersionSpec spec_;
  uint64_t next_override_;
};

int Run(const std::string& directory, uint64_t first_override) {
  absl::StatusOr<std::unique_ptr<ReputationStore>> store =
      ReputationStore::Open(FaultStoreOptions(directory));
  Require(store.status());
  Child child(store->get(), first_override);
  while (true) {
    child.ServeNext();
    for (int i = 0; i < 5; ++i) child.ChangeOverrides();
  }
}

}  // namespace
}  // namespace cloister::storage

int main(int argc, char** argv) {
  uint64_t first_override = 0;
  if (argc != 3 || !absl::SimpleAtoi(argv[2], &first_override)) {
    std::cerr << "usage: fault-ingest-child DIRECTORY FIRST_OVERRIDE" << std::endl;
    return 2;
  }
  return cloister::storage::Run(argv[1], first_override);
}
