#include "storage/store/reputation_store.h"

#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "storage/files/files.h"
#include "storage/store/database.h"
#include "storage/store/rocks_reputation_store.h"

namespace cloister::storage {
namespace {

// Feed names become parts of file names, column family names and keys.
absl::Status CheckFeedName(absl::string_view feed) {
  constexpr size_t kMaxBytes = 64;
  bool good =
      !feed.empty() && feed.size() <= kMaxBytes && feed[0] != '.' &&
      feed.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
          absl::string_view::npos;
  if (good) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("feed name \"", feed, "\": 1 to 64 letters, digits, '.', '_' and '-' are ",
                   "allowed, and no '.' in front"));
}

absl::Status CheckOptions(const ReputationStore::Options& options) {
  if (options.directory.empty()) return absl::InvalidArgumentError("the store needs a directory");
  if (options.kept_versions == 0) {
    return absl::InvalidArgumentError("kept_versions counts the served one: at least 1");
  }
  std::set<std::string> names;
  for (const std::string& feed : options.feeds) {
    if (absl::Status s = CheckFeedName(feed); !s.ok()) return s;
    if (!names.insert(feed).second) {
      return absl::InvalidArgumentError(absl::StrCat("feed ", feed, " is named twice"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<ReputationStore>> ReputationStore::Open(const Options& options) {
  if (absl::Status s = CheckOptions(options); !s.ok()) return s;
  for (absl::string_view below : {"/packs", "/staging", "/versions", "/db"}) {
    absl::Status made = MakeDirectories(absl::StrCat(options.directory, below));
    if (!made.ok()) return made;
  }
  absl::StatusOr<OpenedDatabase> opened =
      OpenedDatabase::Open(absl::StrCat(options.directory, "/db"), options.block_cache_bytes);
  if (!opened.ok()) return opened.status();
  return RocksReputationStore::Load(options, *std::move(opened));
}

}  // namespace cloister::storage
