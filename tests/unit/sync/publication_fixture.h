// What tests of publications share: a repository with keys, and a publication's file beside it.

#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "nlohmann/json.hpp"
#include "sync/publisher/publication/build.h"
#include "tests/support/process.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/sync/publisher_fixture.h"

namespace cloister::publisher {

// Everything lies in one folder: publication.toml, the sources, the state.
class PublicationFolder {
 public:
  PublicationFolder();

  void Write(absl::string_view name, absl::string_view text) const;
  std::string Read(absl::string_view name) const;
  bool Has(absl::string_view name) const;
  std::string operator/(absl::string_view name) const { return directory_ / name; }

  // Writes publication.toml: repository, state and keys of this folder, then `rest`.
  void Configure(absl::string_view rest) const;
  absl::StatusOr<Publication> Configured() const;

  // Builds what publication.toml says, with guards. `report` and `options` as for
  // BuildPublication; `now` moves on by `step` before it.
  absl::Status Build(BuildOptions options = {}, absl::Duration step = absl::Minutes(1));

  // Runs cloister-publish with `words`, in this folder.
  testing::ProcessResult Run(std::vector<std::string> words) const;

  // What a fresh client gets: records by the bytes of their lookup keys, as far as they decode.
  std::map<std::string, reputation::Record> Served();
  // The record of the host `name` there; nullopt if there is none.
  std::optional<reputation::Record> ServedHost(absl::string_view name);
  uint64_t Version();

  PublishedFeed& feed() { return feed_; }
  BuildReport report;  // of the last Build
  absl::Time now = kStart;

 private:
  testing::TemporaryDirectory directory_;
  PublishedFeed feed_;
};

}  // namespace cloister::publisher
