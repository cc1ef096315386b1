// Writes one pack.

#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "reputation/lookup_key.h"
#include "reputation/record.h"
#include "storage/pack/pack_format.h"

namespace cloister::storage {

// Takes labels, then records, each in strictly rising order of their keys. Not thread-safe.
// The file is complete when Finish returns OK; until then, and after an error, it is unusable.
class PackWriter {
 public:
  // Creates `path`, replacing what is there.
  static absl::StatusOr<std::unique_ptr<PackWriter>> Create(const std::string& path,
                                                            const PackHeader& header);
  ~PackWriter();

  // InvalidArgument if the key does not rise or the value cannot be encoded.
  absl::Status AddLabel(uint32_t id, const reputation::Label& label);
  absl::Status RemoveLabel(uint32_t id);  // deltas only
  absl::Status Add(const reputation::LookupKey& key, const reputation::Record& record);

  // An entry as another pack's cursor gives it, label or record; a delta may also take removals.
  absl::Status AddEntry(absl::string_view key, absl::string_view value);
  // Removes the entry with `key`; deltas only.
  absl::Status RemoveEntry(absl::string_view key);

  // Bytes written so far, to know when a part is full.
  uint64_t bytes() const;

  // Completes and syncs the file. The same entries under the same header make the same bytes.
  absl::StatusOr<PackSummary> Finish();

 private:
  struct State;
  explicit PackWriter(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace cloister::storage
