#include "sync/trust_state/trust_state.h"

#include <errno.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "reputation/reject_reason.h"
#include "storage/files/files.h"
#include "sync/trust/checks.h"
#include "sync/trust/metadata.h"

namespace cloister::trust {
namespace {

constexpr char kRootFile[] = "root.json";
constexpr char kTimestampFile[] = "timestamp.json";
constexpr char kSnapshotFile[] = "snapshot.json";
constexpr char kTargetsFile[] = "targets.json";
constexpr char kClockFile[] = "clock";
constexpr uint64_t kMaxClockBytes = 64;

absl::StatusOr<Root> ReadRoot(const std::string& bytes, const Limits& limits) {
  absl::StatusOr<SignedFile> file = ParseSigned(bytes, Role::kRoot, limits);
  if (!file.ok()) return file.status();
  return ParseRoot(*file, limits);
}

// "7.root.json" is 7.
std::optional<uint64_t> VersionInName(absl::string_view name) {
  uint64_t version;
  if (!absl::ConsumeSuffix(&name, ".root.json") || !absl::SimpleAtoi(name, &version) ||
      absl::StrCat(version) != name) {
    return std::nullopt;
  }
  return version;
}

// An absent file is "".
absl::StatusOr<std::string> ReadIfThere(const std::string& path, uint64_t max_bytes) {
  absl::StatusOr<std::string> bytes = storage::ReadFile(path, max_bytes);
  if (absl::IsNotFound(bytes.status())) return "";
  return bytes;
}

absl::Status RemoveIfThere(const std::string& path) {
  if (unlink(path.c_str()) == 0 || errno == ENOENT) return absl::OkStatus();
  return reputation::Rejected(reputation::RejectReason::kIoError,
                              absl::StrCat("cannot remove ", path, ": ", strerror(errno)));
}

// The role whose metadata the file `name` keeps.
std::optional<std::string> RoleOfFile(absl::string_view name) {
  for (const char* top_level : {kRootFile, kTimestampFile, kSnapshotFile, kTargetsFile}) {
    if (name == top_level) return std::nullopt;
  }
  absl::string_view rest = name;
  if (!absl::ConsumeSuffix(&rest, ".json")) return std::nullopt;
  std::string role;
  while (!rest.empty()) {
    const size_t taken = rest[0] == '%' ? 3 : 1;
    const absl::string_view one = rest.substr(0, taken);
    const bool digits = one.size() == 3 &&
                        absl::ascii_isxdigit(static_cast<unsigned char>(one[1])) &&
                        absl::ascii_isxdigit(static_cast<unsigned char>(one[2]));
    if (taken == 3 && !digits) return std::nullopt;
    role += digits ? absl::HexStringToBytes(one.substr(1)) : std::string(one);
    rest.remove_prefix(taken);
  }
  // What is not written as RoleFileName writes it is somebody else's.
  return RoleFileName(role) == name ? std::make_optional(role) : std::nullopt;
}

// Where a root that this directory starts from is no good, somebody has to bring another.
absl::Status BadRoot(const std::string& path, const absl::Status& status) {
  const auto reason = reputation::ReasonOf(status);
  const std::string message = absl::StrCat(
      path, ": ", reason ? reputation::MessageWithoutReason(status) : status.message(),
      "; put the feed's root in its place again, got from its publisher by a way that you trust");
  return reason ? reputation::Rejected(*reason, message) : absl::Status(status.code(), message);
}

absl::StatusOr<std::string> ReadInitialRoot(const std::string& directory,
                                            const std::string& initial_root_path,
                                            const Limits& limits) {
  absl::StatusOr<std::string> root = storage::ReadFile(initial_root_path, limits.max_root_bytes);
  if (!absl::IsNotFound(root.status())) return root;
  return absl::NotFoundError(absl::StrCat(
      "there is neither ", directory, "/", kRootFile, " nor the initial root ", initial_root_path,
      "; get the feed's root.json from its publisher by a way that you trust and put it there"));
}

}  // namespace

std::string RoleFileName(absl::string_view role_name) {
  std::string name;
  for (char c : role_name) {
    if (absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_') {
      name.push_back(c);
    } else {
      absl::StrAppendFormat(&name, "%%%02X", static_cast<unsigned char>(c));
    }
  }
  return name + ".json";
}

absl::StatusOr<TrustStateDirectory> TrustStateDirectory::Open(const std::string& directory,
                                                              const std::string& initial_root_path,
                                                              const Limits& limits,
                                                              const TrustStateOptions& options) {
  if (absl::Status s = storage::MakeDirectories(directory); !s.ok()) return s;
  TrustStateDirectory opened(directory, limits, options);
  absl::StatusOr<std::vector<std::string>> names = storage::ListDirectory(directory);
  if (!names.ok()) return names.status();
  if (absl::Status s = opened.ReadTopLevel(); !s.ok()) return s;
  if (absl::Status s = opened.ReadRoots(*names); !s.ok()) return s;
  if (absl::Status s = opened.ReadDelegated(); !s.ok()) return s;
  if (absl::Status s = opened.ReadStart(initial_root_path); !s.ok()) return s;
  return opened;
}

std::string TrustStateDirectory::Path(absl::string_view name) const {
  return absl::StrCat(directory_, "/", name);
}

absl::Status TrustStateDirectory::ReadTopLevel() {
  struct Part {
    const char* name;
    uint64_t max_bytes;
    std::string TrustedState::*bytes;
  };
  for (const Part& part : {
           Part{kRootFile, limits_.max_root_bytes, &TrustedState::root},
           Part{kTimestampFile, limits_.max_timestamp_bytes, &TrustedState::timestamp},
           Part{kSnapshotFile, limits_.max_snapshot_bytes, &TrustedState::snapshot},
           Part{kTargetsFile, limits_.max_targets_bytes, &TrustedState::targets},
       }) {
    absl::StatusOr<std::string> bytes = ReadIfThere(Path(part.name), part.max_bytes);
    if (!bytes.ok()) return bytes.status();
    on_disk_.*part.bytes = *bytes;
    state_.*part.bytes = *std::move(bytes);
  }
  return absl::OkStatus();
}

absl::Status TrustStateDirectory::ReadRoots(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    std::optional<uint64_t> version = VersionInName(name);
    if (!version || !options_.keeps_passed_roots) continue;
    absl::StatusOr<std::string> bytes = storage::ReadFile(Path(name), limits_.max_root_bytes);
    if (!bytes.ok()) return bytes.status();
    roots_[*version] = *bytes;
    roots_on_disk_[*version] = *std::move(bytes);
  }
  return absl::OkStatus();
}

std::string TrustStateDirectory::DelegatedName(const std::string& role) const {
  const std::string& folder = options_.delegated_folder;
  return absl::StrCat(folder, folder.empty() ? "" : "/", RoleFileName(role));
}

absl::Status TrustStateDirectory::ReadDelegated() {
  absl::StatusOr<std::vector<std::string>> names =
      storage::ListDirectory(Path(options_.delegated_folder));
  if (absl::IsNotFound(names.status())) return absl::OkStatus();
  if (!names.ok()) return names.status();
  for (const std::string& name : *names) {
    std::optional<std::string> role = RoleOfFile(name);
    if (!role) continue;
    absl::StatusOr<std::string> bytes =
        storage::ReadFile(Path(DelegatedName(*role)), limits_.max_targets_bytes);
    const bool usable = bytes.ok() && state_.delegated.size() < limits_.max_kept_delegated;
    if (usable) state_.delegated[*role] = *bytes;
    // What is of no use goes with the next Save.
    on_disk_.delegated[*role] = usable ? *std::move(bytes) : "of no use";
  }
  return absl::OkStatus();
}

absl::Status TrustStateDirectory::ReadStart(const std::string& initial_root_path) {
  const bool has_own = !state_.root.empty();
  if (!has_own) {
    absl::StatusOr<std::string> root = ReadInitialRoot(directory_, initial_root_path, limits_);
    if (!root.ok()) return root.status();
    state_.root = *std::move(root);
  }
  absl::StatusOr<Root> root = ReadRoot(state_.root, limits_);
  if (!root.ok()) return BadRoot(has_own ? Path(kRootFile) : initial_root_path, root.status());
  roots_[root->version] = state_.root;
  return absl::OkStatus();
}

bool TrustStateDirectory::BeginsAnewWith(const std::string& root) const {
  absl::StatusOr<Root> before = ReadRoot(on_disk_.root, limits_);
  absl::StatusOr<Root> last = ReadRoot(root, limits_);
  if (!before.ok() || !last.ok()) return true;
  while (before->version < last->version) {
    auto next = roots_.find(before->version + 1);
    if (next == roots_.end()) return true;
    absl::StatusOr<Root> after = ReadRoot(next->second, limits_);
    if (!after.ok() || after->version != next->first || BeginsAnew(*before, *after)) return true;
    before = std::move(after);
  }
  return false;
}

absl::Status TrustStateDirectory::Replace(absl::string_view name, const std::string& wanted,
                                          std::string* held) {
  if (*held == wanted) return absl::OkStatus();
  const std::string path = Path(name);
  if (options_.before_change) {
    if (absl::Status s = options_.before_change(path); !s.ok()) return s;
  }
  absl::Status done =
      wanted.empty() ? RemoveIfThere(path) : storage::WriteFileAtomically(path, wanted);
  if (done.ok()) *held = wanted;
  return done;
}

absl::Status TrustStateDirectory::SaveRoots() {
  if (!options_.keeps_passed_roots) return absl::OkStatus();
  for (const auto& [version, bytes] : roots_) {
    std::string name = absl::StrCat(version, ".", kRootFile);
    if (absl::Status s = Replace(name, bytes, &roots_on_disk_[version]); !s.ok()) return s;
  }
  return absl::OkStatus();
}

absl::Status TrustStateDirectory::SaveDelegated(const std::map<std::string, std::string>& wanted) {
  for (auto& [role, held] : on_disk_.delegated) {
    if (wanted.count(role) != 0) continue;
    if (absl::Status s = Replace(DelegatedName(role), "", &held); !s.ok()) return s;
  }
  if (!wanted.empty()) {
    absl::Status made = storage::MakeDirectories(Path(options_.delegated_folder));
    if (!made.ok()) return made;
  }
  for (const auto& [role, bytes] : wanted) {
    std::string& held = on_disk_.delegated[role];
    if (absl::Status s = Replace(DelegatedName(role), bytes, &held); !s.ok()) return s;
  }
  return absl::OkStatus();
}

absl::Status TrustStateDirectory::Save(const TrustedState& state,
                                       const std::map<uint64_t, std::string>& new_roots) {
  for (const auto& [version, bytes] : new_roots) roots_[version] = bytes;
  if (absl::Status s = SaveRoots(); !s.ok()) return s;
  struct Step {
    const char* name;
    std::string wanted;
    std::string* held;
  };
  std::vector<Step> steps;
  if (state.root != on_disk_.root) {
    // After a fast-forward attack, timestamp and snapshot must not outlive a crash beside the new
    // root, which may vouch for them. Otherwise they must: they are what refuses a rollback.
    const bool forget = BeginsAnewWith(state.root);
    if (forget && state.timestamp != on_disk_.timestamp) {
      steps.push_back({kTimestampFile, "", &on_disk_.timestamp});
    }
    if (forget && state.snapshot != on_disk_.snapshot) {
      steps.push_back({kSnapshotFile, "", &on_disk_.snapshot});
    }
    steps.push_back({kRootFile, state.root, &on_disk_.root});
  }
  steps.push_back({kTimestampFile, state.timestamp, &on_disk_.timestamp});
  steps.push_back({kSnapshotFile, state.snapshot, &on_disk_.snapshot});
  steps.push_back({kTargetsFile, state.targets, &on_disk_.targets});
  for (const Step& step : steps) {
    if (absl::Status s = Replace(step.name, step.wanted, step.held); !s.ok()) return s;
  }
  if (absl::Status s = SaveDelegated(state.delegated); !s.ok()) return s;
  state_ = state;
  return absl::OkStatus();
}

absl::StatusOr<absl::Time> TrustStateDirectory::MonotonicTime(absl::Time now) {
  const std::string path = Path(kClockFile);
  absl::StatusOr<std::string> text = ReadIfThere(path, kMaxClockBytes);
  if (!text.ok()) return text.status();
  if (!text->empty()) {
    absl::Time latest;
    std::string error;
    if (!absl::ParseTime(absl::RFC3339_sec, *text, &latest, &error)) {
      return absl::DataLossError(
          absl::StrCat(path, " does not hold a time such as 2030-01-31T23:59:59Z: ", error,
                       "; remove it if this machine's clock is right"));
    }
    if (absl::ToUnixSeconds(now) <= absl::ToUnixSeconds(latest)) return std::max(now, latest);
  }
  std::string written = absl::FormatTime(absl::RFC3339_sec, now, absl::UTCTimeZone());
  if (absl::Status s = storage::WriteFileAtomically(path, written + "\n"); !s.ok()) return s;
  return now;
}

}  // namespace cloister::trust
