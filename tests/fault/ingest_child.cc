// The program that the kill test kills: serves one version after another, lets some wait, rolls
// back, folds, rebuilds, decides and changes overrides, saying what it does, until it is killed.
//
//   fault-ingest-child DIRECTORY FIRST_OVERRIDE SEED
//
// With a SEED of 0 it opens the store, reports "done open 0", and does nothing more.

#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tests/fault/ingest_steps.h"

namespace cloister::storage {
namespace {

constexpr size_t kMostPacks = 10;

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
  Child(ReputationStore* store, uint64_t first_override, uint64_t seed)
      : store_(*store), feed_(*store, kFaultFeed), next_override_(first_override), random_(seed) {}

  void Step() {
    switch (random_() % 8) {
      case 0:
        return KeepNext();
      case 1:
        return ServeKept();
      case 2:
        return Fold();
      case 3:
        return Rebuild();
      case 4:
        return Decide();
      default:
        return ServeNext();
    }
  }

  void ImportOverrides() {
    const uint64_t first = next_override_;
    next_override_ += kImported;
    std::vector<KeyedOverride> batch;
    for (uint64_t i = first; i < next_override_; ++i) {
      batch.emplace_back(OverrideKey(i), NumberedOverride(i));
    }
    Report("begin", "import", first);
    Require(store_
                .SetOverrides(batch, {absl::FromUnixSeconds(1'700'000'000), "ingest_child",
                                      "override.import", "kill test"})
                .status());
    Report("done", "import", first);
  }

  void ChangeOverrides() {
    if (random_() % 4 == 0) ImportOverrides();
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
  uint64_t Serving() const { return store_.Current()->feeds()[0].version; }

  std::vector<uint64_t> Kept() const {
    absl::StatusOr<std::vector<ServedFeed>> kept = store_.KeptVersions(kFaultFeed);
    Require(kept.status());
    std::vector<uint64_t> numbers;
    for (const ServedFeed& version : *kept) numbers.push_back(version.version);
    return numbers;
  }

  // Follows all that is kept, as a delta of what serves where that is possible.
  VersionSpec Next() {
    const std::vector<uint64_t> kept = Kept();
    const uint64_t version = (kept.empty() ? 0 : kept.front()) + 1;
    auto base = specs_.find(Serving());
    if (base == specs_.end() || base->second.packs.size() >= kMostPacks) {
      return feed_.Snapshot(version, VersionEntries(version), 2);
    }
    return feed_.Delta(base->second, VersionEntries(Serving()), version, VersionEntries(version));
  }

  void ServeNext() {
    const VersionSpec spec = Next();
    Report("begin", "serve", spec.version);
    Require(store_.Serve(spec));
    Report("done", "serve", spec.version);
    specs_[spec.version] = spec;
  }

  void KeepNext() {
    const VersionSpec spec = Next();
    Report("begin", "keep", spec.version);
    Require(store_.Keep(spec));
    Report("done", "keep", spec.version);
    specs_[spec.version] = spec;
  }

  // Any version but the one that serves.
  void ServeKept() {
    std::vector<uint64_t> kept = Kept();
    std::erase(kept, Serving());
    if (kept.empty()) return;
    const uint64_t version = kept[random_() % kept.size()];
    Report("begin", "serve_kept", version);
    Require(store_.ServeKept(kFaultFeed, version));
    Report("done", "serve_kept", version);
  }

  void Fold() {
    const uint64_t version = Serving();
    if (version == 0) return;
    Report("begin", "fold", version);
    absl::StatusOr<std::vector<VersionPack>> packs = store_.Fold(kFaultFeed, 0, nullptr);
    Require(packs.status());
    Report("done", "fold", version);
    if (specs_.count(version) != 0) specs_[version].packs = *packs;
  }

  void Rebuild() {
    const uint64_t version = Serving();
    if (version == 0) return;
    Report("begin", "rebuild", version);
    absl::StatusOr<RebuildReport> report = store_.Rebuild(kFaultFeed);
    Require(report.status());
    if (!report->complete) Require(absl::DataLossError("the rebuild is not complete"));
    Report("done", "rebuild", version);
  }

  void Decide() {
    absl::StatusOr<FeedDirective> directive = store_.Directive(kFaultFeed);
    Require(directive.status());
    directive->accepted += 1;
    Report("begin", "directive", directive->accepted);
    Require(store_.SetDirective(
        kFaultFeed, *directive,
        {absl::FromUnixSeconds(1'700'000'000), "ingest_child", "feed.accept", "kill test"}));
    Report("done", "directive", directive->accepted);
  }

  ReputationStore& store_;
  const SampleFeed feed_;
  uint64_t next_override_;
  std::mt19937_64 random_;
  std::map<uint64_t, VersionSpec> specs_;  // those that this process made
};

int Run(const std::string& directory, uint64_t first_override, uint64_t seed) {
  absl::StatusOr<std::unique_ptr<ReputationStore>> store =
      ReputationStore::Open(FaultStoreOptions(directory));
  Require(store.status());
  if (seed == 0) Report("done", "open", 0);
  while (seed == 0) pause();
  Child child(store->get(), first_override, seed);
  while (true) {
    child.Step();
    for (int i = 0; i < 2; ++i) child.ChangeOverrides();
  }
}

}  // namespace
}  // namespace cloister::storage

int main(int argc, char** argv) {
  uint64_t first_override = 0;
  uint64_t seed = 0;
  if (argc != 4 || !absl::SimpleAtoi(argv[2], &first_override) ||
      !absl::SimpleAtoi(argv[3], &seed)) {
    std::cerr << "usage: fault-ingest-child DIRECTORY FIRST_OVERRIDE SEED" << std::endl;
    return 2;
  }
  return cloister::storage::Run(argv[1], first_override, seed);
}
