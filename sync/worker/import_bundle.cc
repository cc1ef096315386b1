#include "sync/worker/import_bundle.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <set>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "reputation/reject_reason.h"
#include "storage/files/files.h"
#include "sync/bundle/authentic_feed.h"
#include "sync/bundle/unpack.h"
#include "sync/transport/folder/folder_fetcher.h"
#include "sync/trust_state/trust_state.h"
#include "sync/worker/status_file.h"
#include "sync/worker/stoppable_fetcher.h"

namespace cloister::worker {
namespace {

using bundle::UnpackedFeed;
using reputation::Rejected;
using reputation::RejectReason;
using trust::BundleImport;
using trust::FeedImport;

constexpr char kUnpackedPrefix[] = ".import-";
constexpr size_t kHashBytes = 128 * 1024;

void Refuse(const absl::Status& status, std::string* state, std::string* reason,
            std::string* message) {
  *state = "refused";
  *reason = ErrorReason(status);
  *message = std::string(reputation::MessageWithoutReason(status));
}

// The bytes of the file, hashed as they are read.
class HashedFile {
 public:
  HashedFile(int fd, const StopFlag* stop) : fd_(fd), stop_(stop) {}

  absl::StatusOr<size_t> Read(char* buffer, size_t size) {
    if (stop_->WaitFor(absl::ZeroDuration())) return absl::CancelledError("stopped");
    for (;;) {
      const ssize_t n = pread(fd_, buffer, size, static_cast<off_t>(offset_));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) {
        return Rejected(RejectReason::kIoError,
                        absl::StrCat("the bundle cannot be read: ", strerror(errno)));
      }
      hash_.Update(absl::string_view(buffer, static_cast<size_t>(n)));
      offset_ += static_cast<uint64_t>(n);
      return static_cast<size_t>(n);
    }
  }

  // Of the whole file, in hexadecimal; reads what was not read yet. Call once.
  absl::StatusOr<std::string> Sha256() {
    std::vector<char> rest(kHashBytes);
    for (;;) {
      absl::StatusOr<size_t> n = Read(rest.data(), rest.size());
      if (!n.ok()) return n.status();
      if (*n == 0) break;
    }
    const reputation::Sha256Bytes hash = hash_.Finish();
    return absl::BytesToHexString(
        absl::string_view(reinterpret_cast<const char*>(hash.data()), hash.size()));
  }

 private:
  const int fd_;
  const StopFlag* const stop_;
  uint64_t offset_ = 0;
  storage::Sha256Stream hash_;
};

// One import under way.
class Import {
 public:
  Import(const ImportBundleOptions& options, const StopFlag& stop, absl::Time now)
      : options_(options), stop_(stop), now_(now) {
    for (const CycleOptions& feed : options.feeds) feeds_[feed.feed] = &feed;
  }

  // Unpacks, then imports feed by feed.
  void Run(const bundle::ByteSource& source, BundleImport* import) {
    std::string directory = absl::StrCat(options_.work_directory, "/", kUnpackedPrefix, "XXXXXX");
    absl::Status failed;
    if (mkdtemp(directory.data()) == nullptr) {
      failed = Rejected(RejectReason::kIoError,
                        absl::StrCat("cannot make ", directory, ": ", strerror(errno)));
    } else {
      absl::Cleanup remover = [&] {
        std::error_code error;  // a start removes what stays
        std::filesystem::remove_all(directory, error);
      };
      failed = UnpackAndImport(source, directory, import);
    }
    if (!failed.ok()) {
      cancelled_ = absl::IsCancelled(failed);
      Refuse(failed, &import->state, &import->reason, &import->message);
    }
  }

  bool cancelled() const { return cancelled_; }

 private:
  // What the signed metadata of a feed said before it was unpacked.
  struct Signed {
    uint64_t version = 0;
    bool expired = false;
  };

  absl::Status UnpackAndImport(const bundle::ByteSource& source, const std::string& directory,
                               BundleImport* import) {
    bundle::UnpackOptions options;
    options.directory = directory;
    options.reserve_bytes = options_.reserve_bytes;
    options.limits = options_.limits;
    options.gate = [&](const bundle::BundleFeed& feed, const std::string& path) {
      return CheckMetadata(feed, path);
    };
    auto feeds = bundle::Unpack(source, options);
    if (!feeds.ok()) return feeds.status();
    for (const UnpackedFeed& feed : *feeds) {
      auto imported = ImportFeed(feed);
      if (!imported.ok()) return imported.status();
      import->feeds.push_back(*std::move(imported));
    }
    Conclude(import);
    return absl::OkStatus();
  }

  // Signatures before packs: what nobody signed must not fill the disk. The feed's own cycle runs
  // the same check again, and keeps what it trusts then.
  absl::StatusOr<std::set<std::string>> CheckMetadata(const bundle::BundleFeed& description,
                                                      const std::string& path) {
    const std::string& feed = description.feed;
    const auto configured = feeds_.find(feed);
    if (configured == feeds_.end()) {
      return Rejected(RejectReason::kWrongFeed,
                      absl::StrCat("no [[feed]] here is called \"", feed,
                                   "\"; add one with its root if you want it"));
    }
    const CycleOptions& options = *configured->second;
    auto state = trust::TrustStateDirectory::Open(absl::StrCat(options.state_directory, "/trust"),
                                                  options.root, options.limits);
    if (!state.ok()) return state.status();
    auto fetcher = transport::FolderFetcher::Open(path);
    if (!fetcher.ok()) return fetcher.status();
    auto verified =
        bundle::VerifyFeed(**fetcher, state->state(), feed,
                           {.now = now_, .accept_expired_within = options_.accept_expired_within});
    if (!verified.ok()) return verified.status();
    signed_[feed] = {verified->version(), verified->expired()};
    absl::Status leads = CheckChain(description, *verified, options);
    if (!leads.ok()) return leads;
    std::set<std::string> names;
    for (const trust::PackTarget& pack : verified->listed) names.insert(verified->FileName(pack));
    return names;
  }

  // Whether the bundle and what is held lead to its version. A cycle would find out, too, but only
  // after it trusts the newer metadata, and then the bundle that brings the base is a rollback.
  static absl::Status CheckChain(const bundle::BundleFeed& description,
                                 const bundle::AuthenticFeed& feed, const CycleOptions& options) {
    std::set<std::string> members;
    for (const bundle::BundleMember& member : description.members) members.insert(member.path);
    std::vector<trust::PackTarget> there;
    for (const trust::PackTarget& pack : feed.listed) {
      const std::string held =
          absl::StrCat(options.state_directory, "/packs/", pack.sha256, ".sst");
      const std::string member = absl::StrCat(description.feed, "/targets/", feed.FileName(pack));
      if (members.count(member) > 0 || std::filesystem::exists(held)) there.push_back(pack);
    }
    const auto chain = trust::CheapestChain(there, {}, options.max_deltas);
    if (chain.ok() && chain->back().to_version == feed.version()) return absl::OkStatus();
    return Rejected(RejectReason::kVersionGap,
                    absl::StrCat("its packs, and those that are here, do not lead to version ",
                                 feed.version(), " of ", feed.feed));
  }

  // Fails only with Cancelled: what is wrong with a feed is told in its outcome.
  absl::StatusOr<FeedImport> ImportFeed(const UnpackedFeed& unpacked) {
    FeedImport import;
    import.feed = unpacked.description.feed;
    import.version = signed_[import.feed].version;
    import.expired = signed_[import.feed].expired;
    const absl::StatusOr<CycleResult> result =
        unpacked.status.ok() ? RunCycle(unpacked) : absl::StatusOr<CycleResult>(unpacked.status);
    if (absl::IsCancelled(result.status())) return result.status();
    if (!result.ok()) {
      Refuse(result.status(), &import.state, &import.reason, &import.message);
      if (reputation::ReasonOf(result.status()) == RejectReason::kVersionGap) {
        import.message += Mend(unpacked.description);
      }
      return import;
    }
    import.version = result->version;
    import.expired = result->expired;
    import.state = result->outcome == CycleResult::Outcome::kUnchanged ? "unchanged" : "imported";
    return import;
  }

  absl::StatusOr<CycleResult> RunCycle(const UnpackedFeed& unpacked) {
    auto folder = transport::FolderFetcher::Open(unpacked.path);
    if (!folder.ok()) return folder.status();
    StoppableFetcher fetcher(**folder, stop_.fd());
    CycleOptions options = *feeds_.at(unpacked.description.feed);
    options.origin = trust::kOriginOffline;
    options.accept_expired_within = options_.accept_expired_within;
    // Whoever imports a bundle again may do so because what is here has rotted: one look suffices.
    options.scrub_interval = absl::InfiniteDuration();
    return FeedCycle(options).Run(fetcher, now_);
  }

  static std::string Mend(const bundle::BundleFeed& feed) {
    if (feed.from_version == 0) return "; make the bundle anew, from a source that is whole";
    return absl::StrCat("; the bundle needs version ", feed.from_version,
                        " here; make one from the version that is here, or from nothing");
  }

  // The gravest of its feeds is what became of the bundle. A feed that nobody here wants does not
  // count, unless there is no other.
  static void Conclude(BundleImport* import) {
    const std::string foreign(RejectReasonName(RejectReason::kWrongFeed));
    bool wanted = false;
    for (const FeedImport& feed : import->feeds) wanted |= feed.reason != foreign;
    import->state = "unchanged";
    for (FeedImport& feed : import->feeds) {
      if (wanted && feed.reason == foreign) {
        feed.state = "unchanged";
        feed.reason.clear();
        continue;
      }
      if (feed.state == "refused" && import->state != "refused") {
        import->state = feed.state;
        import->reason = feed.reason;
        import->message = absl::StrCat(feed.feed, ": ", feed.message);
      }
      if (feed.state == "imported" && import->state == "unchanged") import->state = feed.state;
    }
  }

  const ImportBundleOptions& options_;
  const StopFlag& stop_;
  const absl::Time now_;
  std::map<std::string, const CycleOptions*> feeds_;
  std::map<std::string, Signed> signed_;
  bool cancelled_ = false;
};

}  // namespace

absl::StatusOr<BundleImport> ImportBundle(int fd, const std::string& name,
                                          const ImportBundleOptions& options, const StopFlag& stop,
                                          absl::Time now) {
  BundleImport import;
  import.bundle = name;
  import.finished = now;
  HashedFile file(fd, &stop);
  Import run(options, stop, now);
  run.Run([&](char* buffer, size_t size) { return file.Read(buffer, size); }, &import);
  if (run.cancelled()) return absl::CancelledError("stopped");
  // Where the file cannot be read to its end, the reason is told already.
  absl::StatusOr<std::string> sha256 = file.Sha256();
  if (absl::IsCancelled(sha256.status()) && import.state == "refused") return sha256.status();
  if (sha256.ok()) import.sha256 = *std::move(sha256);
  return import;
}

absl::Status RemoveUnpacked(const std::string& work_directory) {
  auto names = storage::ListDirectory(work_directory);
  if (!names.ok()) return names.status();
  for (const std::string& name : *names) {
    if (!absl::StartsWith(name, kUnpackedPrefix)) continue;
    const std::string path = absl::StrCat(work_directory, "/", name);
    std::error_code error;
    std::filesystem::remove_all(path, error);
    if (error) {
      return Rejected(RejectReason::kIoError,
                      absl::StrCat("cannot remove ", path, ": ", error.message()));
    }
  }
  return absl::OkStatus();
}

}  // namespace cloister::worker
