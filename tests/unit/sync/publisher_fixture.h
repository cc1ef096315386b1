// What tests of the publisher share: keys, a repository in a folder of its own.

#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "storage/pack/pack_reader.h"
#include "sync/publisher/repository/publish.h"
#include "sync/publisher/repository/repository.h"
#include "sync/publisher/repository/sorted_entries.h"
#include "sync/publisher/signing/key_directory.h"
#include "sync/trust/pack_target.h"
#include "sync/trust/updater.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/feeds/feed_fixture.h"

namespace cloister::publisher {

using feeds::FeedEntry;
using feeds::FileEntry;

// A moment for tests to begin at.
inline const absl::Time kStart = absl::FromUnixSeconds(1'780'000'000);

// How to make keys without passphrases.
CreateKeysOptions PlainKeys(uint32_t root_keys = 1);

// A repository with keys of its own, and what is published in it read back as a client does.
class PublishedFeed {
 public:
  explicit PublishedFeed(const std::string& feed = "threats", const Retention& retention = {});

  absl::StatusOr<PublishResult> Publish(const std::vector<FeedEntry>& entries);
  absl::StatusOr<std::unique_ptr<SortedEntries>> Sort(const std::vector<FeedEntry>& entries,
                                                      size_t memory_bytes = 1 << 20);

  // A fresh client that starts from the first root: fetches, verifies, validates every pack of the
  // cheapest chain, lays them over each other and checks the content digest. Entries by key.
  absl::StatusOr<std::map<std::string, std::string>> Fetch();
  // The packs that a fresh client is offered.
  absl::StatusOr<std::vector<trust::PackTarget>> Offered();
  std::vector<std::string> OfferedNames();

  std::string path() const { return directory_ / "repository"; }
  std::string keys_directory() const { return directory_ / "keys"; }
  std::vector<std::string> PackFiles() const;

  RoleSigners signers;
  std::vector<SigningKey> root_keys;
  PublishOptions options;  // moves on with every Publish

 private:
  absl::StatusOr<std::string> FetchPack(const trust::PackTarget& pack);

  testing::TemporaryDirectory directory_;
  trust::TrustedState client_;
};

}  // namespace cloister::publisher
