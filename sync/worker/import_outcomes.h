// Tells in the spool what became of bundles, for cloisterd to pass on (sync/trust_state/inbox.h).

#pragma once

#include <string>

#include "sync/trust_state/inbox.h"

namespace cloister::worker {

// Not thread-safe.
class ImportOutcomes {
 public:
  static constexpr size_t kMostFiles = 256;

  explicit ImportOutcomes(std::string spool_directory)
      : spool_directory_(std::move(spool_directory)) {}

  // Replaces what was told of the same bundle; of more than kMostFiles the oldest are removed. A
  // failure is logged: an outcome that cannot be told does not undo an import.
  void Tell(const trust::BundleImport& import);

 private:
  std::string spool_directory_;
};

}  // namespace cloister::worker
