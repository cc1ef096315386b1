#include "sync/publisher/repository/retention.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "storage/files/files.h"

namespace cloister::publisher {
namespace {

using trust::PackTarget;

constexpr size_t kSha256HexDigits = 64;
constexpr uint64_t kMaxRetiredBytes = 16 << 20;
constexpr uint32_t kPublicFile = 0644;

// Far below trust::Limits::max_targets, so that targets.json stays within what clients read.
constexpr size_t kMaxListed = 3000;

// From and to of a delta.
using Span = std::pair<uint64_t, uint64_t>;

std::set<Span> DeltasOf(const std::vector<PackTarget>& packs) {
  std::set<Span> deltas;
  for (const PackTarget& pack : packs) {
    if (pack.is_delta()) deltas.emplace(pack.from_version, pack.to_version);
  }
  return deltas;
}

// Versions from which deltas lead to `newest`, itself included.
std::set<uint64_t> Reaching(uint64_t newest, const std::set<Span>& deltas) {
  std::set<uint64_t> reaching = {newest};
  // Deltas lead upwards: what comes after a version is known when its turn comes.
  for (auto delta = deltas.rbegin(); delta != deltas.rend(); ++delta) {
    if (reaching.count(delta->second) > 0) reaching.insert(delta->first);
  }
  return reaching;
}

// Versions of the snapshots that stay.
std::set<uint64_t> SnapshotsToList(const std::vector<PackTarget>& packs, uint64_t newest,
                                   const std::set<uint64_t>& reaching, const Retention& retention) {
  std::set<uint64_t> there;
  for (const PackTarget& pack : packs) {
    if (!pack.is_delta() && reaching.count(pack.to_version) > 0) there.insert(pack.to_version);
  }
  std::set<uint64_t> listed;
  for (auto version = there.rbegin(); version != there.rend(); ++version) {
    if (listed.size() >= std::max(retention.snapshots, 1u)) break;
    listed.insert(*version);
    if (*version + retention.versions <= newest) break;  // all retained versions come after it
  }
  return listed;
}

bool IsAligned(const Span& delta) {
  const uint64_t length = delta.second - delta.first;
  return (length & (length - 1)) == 0 && delta.first % length == 0;
}

// Whether a longer delta that the publisher makes by itself spans it.
bool IsCovered(const Span& delta, const std::set<Span>& by) {
  for (const Span& other : by) {
    if (other.first > delta.first) break;
    if (other.second >= delta.second && other != delta && IsAligned(other)) return true;
  }
  return false;
}

// One choice, whatever number of packs that is.
std::vector<PackTarget> Choose(const std::vector<PackTarget>& packs, const Retention& retention) {
  const uint64_t newest = trust::NewestVersion(packs);
  const std::set<Span> deltas = DeltasOf(packs);
  const std::set<uint64_t> reaching = Reaching(newest, deltas);
  const std::set<uint64_t> snapshots = SnapshotsToList(packs, newest, reaching, retention);
  const uint64_t oldest = snapshots.empty() ? newest : *snapshots.begin();
  std::set<Span> useful;
  for (const Span& delta : deltas) {
    if (delta.first >= oldest && reaching.count(delta.second) > 0) useful.insert(delta);
  }

  std::vector<PackTarget> listed;
  for (const PackTarget& pack : packs) {
    const Span delta(pack.from_version, pack.to_version);
    bool wanted = snapshots.count(pack.to_version) > 0;
    if (pack.is_delta()) {
      wanted = useful.count(delta) > 0 &&
               (pack.to_version + retention.versions > newest || !IsCovered(delta, useful));
    }
    if (wanted) listed.push_back(pack);
  }
  return listed;
}

// "<sha256>.full-…" or "<sha256>.delta-…".
bool IsPackFile(absl::string_view name) {
  if (name.size() <= kSha256HexDigits || !absl::EndsWith(name, ".sst")) return false;
  for (const char c : name.substr(0, kSha256HexDigits)) {
    if (!absl::ascii_isxdigit(c)) return false;
  }
  const absl::string_view rest = name.substr(kSha256HexDigits);
  return absl::StartsWith(rest, ".full-") || absl::StartsWith(rest, ".delta-");
}

// "<number>.snapshot.json" or "<number>.targets.json". Roots stay: clients walk all of them.
bool IsNumberedMetadata(absl::string_view name) {
  uint64_t number = 0;
  return (absl::EndsWith(name, ".snapshot.json") || absl::EndsWith(name, ".targets.json")) &&
         absl::SimpleAtoi(name.substr(0, name.find('.')), &number);
}

void Keep(const Published& published, std::set<std::string>* names) {
  for (const PackTarget& pack : published.packs) {
    names->insert(absl::StrCat(pack.sha256, ".", pack.path));
  }
  if (published.snapshot.has_value()) {
    names->insert(absl::StrCat(published.snapshot->version, ".snapshot.json"));
  }
  if (published.targets.has_value()) {
    names->insert(absl::StrCat(published.targets->version, ".targets.json"));
  }
}

// Since when nothing names a file: names below the repository, seconds since 1970.
using RetiredFiles = std::map<std::string, int64_t>;

std::string RetiredPath(const Repository& repository) {
  return absl::StrCat(repository.path(), "/.retired.json");
}

// What cannot be read is as good as absent: files stay longer then.
RetiredFiles ReadRetired(const Repository& repository) {
  RetiredFiles retired;
  const absl::StatusOr<std::string> text =
      storage::ReadFile(RetiredPath(repository), kMaxRetiredBytes);
  if (!text.ok()) return retired;
  const nlohmann::json json = nlohmann::json::parse(*text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return retired;
  for (const auto& [name, since] : json.items()) {
    if (since.is_number_integer()) retired[name] = since.get<int64_t>();
  }
  return retired;
}

// Goes through the files of one folder.
class Sweep {
 public:
  Sweep(const Repository& repository, absl::Time now)
      : repository_(repository),
        now_s_(absl::ToUnixSeconds(now)),
        grace_s_(absl::ToInt64Seconds(repository.settings().retention.grace)),
        retired_(ReadRetired(repository)) {}

  absl::Status Run(const std::string& folder, const std::set<std::string>& keep,
                   bool (*is_ours)(absl::string_view)) {
    const std::string directory = absl::StrCat(repository_.path(), "/", folder);
    absl::StatusOr<std::vector<std::string>> names = storage::ListDirectory(directory);
    if (!names.ok()) return names.status();
    for (const std::string& name : *names) {
      if (keep.count(name) > 0 || !is_ours(name)) continue;
      if (!IsDue(absl::StrCat(folder, "/", name))) continue;
      const std::string path = absl::StrCat(directory, "/", name);
      std::error_code error;
      const uint64_t bytes = std::filesystem::file_size(path, error);
      if (!std::filesystem::remove(path, error)) continue;
      ++removed_.files;
      removed_.bytes += bytes;
    }
    return absl::OkStatus();
  }

  // Keeps what waits for the next time.
  absl::StatusOr<Removed> Finish() {
    const nlohmann::json json(waiting_);
    absl::Status written =
        storage::WriteFileAtomically(RetiredPath(repository_), json.dump() + "\n", kPublicFile);
    if (!written.ok()) return written;
    return removed_;
  }

 private:
  // Whether nothing has named it for long enough; notes since when otherwise.
  bool IsDue(const std::string& name) {
    const auto known = retired_.find(name);
    // A clock that was wrong must not keep a file for ever.
    const int64_t since = known == retired_.end() ? now_s_ : std::min(known->second, now_s_);
    if (now_s_ - since >= grace_s_) return true;
    waiting_[name] = since;
    return false;
  }

  const Repository& repository_;
  const int64_t now_s_;
  const int64_t grace_s_;
  const RetiredFiles retired_;
  RetiredFiles waiting_;
  Removed removed_;
};

}  // namespace

std::vector<PackTarget> PacksToList(const std::vector<PackTarget>& packs,
                                    const Retention& retention) {
  Retention tried = retention;
  std::vector<PackTarget> listed = Choose(packs, tried);
  while (listed.size() > kMaxListed && tried.snapshots > 1) {
    --tried.snapshots;
    listed = Choose(packs, tried);
  }
  return listed;
}

absl::StatusOr<Removed> RemoveUnlisted(const Repository& repository, const Published& now_listed,
                                       const Published& before, absl::Time now) {
  std::set<std::string> keep;
  Keep(now_listed, &keep);
  Keep(before, &keep);
  Sweep sweep(repository, now);
  absl::Status status = sweep.Run("targets", keep, IsPackFile);
  if (status.ok()) status = sweep.Run("metadata", keep, IsNumberedMetadata);
  if (!status.ok()) return status;
  return sweep.Finish();
}

}  // namespace cloister::publisher
