#include "tests/tools/tuf_client/commands.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "storage/files/files.h"
#include "sync/trust/hash.h"
#include "sync/trust/updater.h"
#include "sync/trust_state/trust_state.h"
#include "tests/tools/tuf_client/remote_repository.h"

namespace cloister::tuf_client {
namespace {

trust::Limits ClientLimits() {
  trust::Limits limits;
  limits.accept_inconsistent_snapshots = true;
  limits.accept_targets_without_sha256 = true;
  return limits;
}

std::string RootPath(const Arguments& arguments) {
  return absl::StrCat(arguments.metadata_dir, "/root.json");
}

// One run over the trusted metadata: read, refreshed, and kept again however it ended.
class Session {
 public:
  static absl::StatusOr<std::unique_ptr<Session>> Open(const Arguments& arguments) {
    const trust::Limits limits = ClientLimits();
    auto kept =
        trust::TrustStateDirectory::Open(arguments.metadata_dir, RootPath(arguments), limits,
                                         {.keeps_passed_roots = false, .delegated_folder = ""});
    if (!kept.ok()) return kept.status();
    auto updater = trust::Updater::Create(kept->state(), limits);
    if (!updater.ok()) return updater.status();
    auto source = RemoteRepository::Create(arguments.metadata_url, arguments.target_base_url);
    if (!source.ok()) return source.status();
    return std::unique_ptr<Session>(
        new Session(*std::move(kept), *std::move(updater), *std::move(source)));
  }

  absl::Status Refresh(const trust::RefreshOptions& options) {
    return Kept(updater_->Refresh(*source_, options));
  }

  absl::Status Fetch(const std::string& path, const std::string& file,
                     const trust::RefreshOptions& options) {
    auto target = updater_->FindTarget(*source_, path, options);
    if (absl::Status s = Kept(target.status()); !s.ok()) return s;
    if (IsThere(file, *target)) return absl::OkStatus();
    std::string content;
    const std::string name =
        updater_->root().consistent_snapshot ? trust::ConsistentTargetName(path, *target) : path;
    absl::Status fetched =
        trust::FetchTargetFile(*source_, name, *target, [&](absl::string_view bytes) {
          content.append(bytes.data(), bytes.size());
          return absl::OkStatus();
        });
    if (!fetched.ok()) return fetched;
    return storage::WriteFileAtomically(file, content);
  }

 private:
  Session(trust::TrustStateDirectory kept, std::unique_ptr<trust::Updater> updater,
          std::unique_ptr<RemoteRepository> source)
      : kept_(std::move(kept)), updater_(std::move(updater)), source_(std::move(source)) {}

  // Keeps what is trusted now; `outcome` unless that fails.
  absl::Status Kept(const absl::Status& outcome) {
    absl::Status saved = kept_.Save(updater_->state(), updater_->new_roots());
    return outcome.ok() ? saved : outcome;
  }

  static bool IsThere(const std::string& file, const trust::TargetFile& target) {
    absl::StatusOr<std::string> content = storage::ReadFile(file, target.length);
    if (!content.ok() || content->size() != target.length) return false;
    trust::HashCheck check(target.hashes);
    check.Update(*content);
    return check.Matches();
  }

  trust::TrustStateDirectory kept_;
  std::unique_ptr<trust::Updater> updater_;
  std::unique_ptr<RemoteRepository> source_;
};

// A path may be longer than a file's name can be.
std::string FileNameOf(const std::string& path) {
  constexpr size_t kMaxNameBytes = 200;
  std::string name = PercentEncode(path);
  return name.size() <= kMaxNameBytes ? name : "sha256-" + trust::HashHex("sha256", path);
}

}  // namespace

absl::Status Init(const Arguments& arguments) {
  const trust::Limits limits = ClientLimits();
  absl::StatusOr<std::string> root =
      storage::ReadFile(arguments.trusted_root, limits.max_root_bytes);
  if (!root.ok()) return root.status();
  trust::TrustedState state;
  state.root = *root;
  auto trusted = trust::Updater::Create(state, limits);
  if (!trusted.ok()) return trusted.status();
  if (absl::Status s = storage::MakeDirectories(arguments.metadata_dir); !s.ok()) return s;
  return storage::WriteFileAtomically(RootPath(arguments), *root);
}

absl::Status Refresh(const Arguments& arguments, absl::Time now) {
  auto session = Session::Open(arguments);
  return session.ok() ? (*session)->Refresh({.now = now}) : session.status();
}

absl::Status Download(const Arguments& arguments, absl::Time now) {
  auto session = Session::Open(arguments);
  if (!session.ok()) return session.status();
  if (absl::Status s = (*session)->Refresh({.now = now}); !s.ok()) return s;
  if (absl::Status s = storage::MakeDirectories(arguments.target_dir); !s.ok()) return s;
  for (const std::string& path : arguments.target_names) {
    const std::string file = absl::StrCat(arguments.target_dir, "/", FileNameOf(path));
    if (absl::Status s = (*session)->Fetch(path, file, {.now = now}); !s.ok()) {
      return absl::Status(s.code(), absl::StrCat(path, ": ", s.message()));
    }
  }
  return absl::OkStatus();
}

}  // namespace cloister::tuf_client
