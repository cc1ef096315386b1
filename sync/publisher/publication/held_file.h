// held.tsv in the state directory: the entries that guards stopped in a build, one a line, so that
// an administrator can look through them and allow what is right. Columns, separated by tabs:
//
//   object   guard   why   action   source   verdict
//
// The first three are HeldLine's: whole lines can be copied into a file of [guards] allow_files.

#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "storage/files/files.h"
#include "sync/feeds/feed_reader.h"
#include "sync/publisher/guards/import_guard.h"

namespace cloister::publisher {

// The list of one build in the making. Nothing of it is to be seen unless it is committed.
class HeldFile {
 public:
  // Makes the state directory if it is not there.
  static absl::StatusOr<HeldFile> Create(const std::string& state_directory);

  absl::Status Add(absl::string_view source, const feeds::FeedEntry& entry,
                   const GuardFinding& finding);
  // Takes the place of the list of the build before; returns its path.
  absl::StatusOr<std::string> Commit();

 private:
  HeldFile(storage::TemporaryFile file, std::string path)
      : file_(std::move(file)), path_(std::move(path)) {}

  storage::TemporaryFile file_;
  std::string path_;
  std::string pending_;
};

}  // namespace cloister::publisher
