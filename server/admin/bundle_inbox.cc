#include "server/admin/bundle_inbox.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/rand.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "reputation/reject_reason.h"

namespace cloister::server {
namespace {

using reputation::Rejected;
using reputation::RejectReason;

constexpr mode_t kDirectoryMode = 02770;  // the group is cloister-sync's, of files in it, too
constexpr uint32_t kBundleMode = 0640;
constexpr uint64_t kMaxOutcomeBytes = 1 << 20;
constexpr size_t kNameBytes = 16;
constexpr char kUnfinished[] = ".tmp-";  // how storage::TemporaryFile begins

absl::Status BadDirectory(const std::string& directory, absl::string_view what) {
  return absl::FailedPreconditionError(absl::StrCat(
      "[updates] inbox_directory: ", directory, ": ", what,
      "; make it with \"install -d -o <user of cloisterd> -g <group of both daemons> -m 2770 ",
      directory, "\", or leave inbox_directory out to take no bundles"));
}

// Whatever cannot be removed stays: cloister-sync may write here, too, and must not be able to keep
// the server from starting.
void RemoveUnfinished(const std::string& directory, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (absl::StartsWith(name, kUnfinished)) unlink(absl::StrCat(directory, "/", name).c_str());
  }
}

std::string NewName() {
  std::string bytes(kNameBytes, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), kNameBytes) != 1) return "";
  return absl::StrCat(absl::BytesToHexString(bytes), trust::kBundleSuffix);
}

// `name` below `directory` of the folder that cloister-sync owns, through no link.
absl::StatusOr<std::string> ReadBelow(const std::string& path, uint64_t max_bytes) {
  const size_t slash = path.rfind('/');
  const std::string directory = path.substr(0, slash);
  const int fd = open(directory.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) {
    if (errno == ENOENT) return absl::NotFoundError(directory);
    return Rejected(RejectReason::kSpoolForeign, absl::StrCat(directory, ": ", strerror(errno)));
  }
  // Through the descriptor: nobody can put a link in the folder's place meanwhile.
  absl::StatusOr<std::string> text =
      storage::ReadFile(absl::StrCat("/proc/self/fd/", fd, "/", path.substr(slash + 1)), max_bytes);
  close(fd);
  return text;
}

}  // namespace

BundleInbox::Upload::Upload(BundleInbox* inbox, storage::TemporaryFile file, uint64_t bytes)
    : inbox_(inbox), file_(std::move(file)), bytes_(bytes) {}

BundleInbox::Upload::~Upload() {
  absl::MutexLock lock(&inbox_->mutex_);
  --inbox_->uploads_;
  inbox_->reserved_ -= bytes_ - file_.size();
}

absl::Status BundleInbox::Upload::Append(absl::string_view data) {
  if (data.size() > bytes_ - file_.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("data: more than the ", bytes_, " bytes that start.bytes announced"));
  }
  const uint64_t before = file_.size();
  const absl::Status written = file_.Append(data);
  sha256_.Update(data);
  absl::MutexLock lock(&inbox_->mutex_);
  inbox_->reserved_ -= file_.size() - before;
  return written;
}

absl::StatusOr<std::string> BundleInbox::Upload::Finish() {
  if (file_.size() != bytes_) {
    return absl::InvalidArgumentError(absl::StrCat("data: the upload ended after ", file_.size(),
                                                   " of the ", bytes_,
                                                   " bytes that start.bytes announced"));
  }
  const reputation::Sha256Bytes hash = sha256_.Finish();
  return absl::BytesToHexString({reinterpret_cast<const char*>(hash.data()), hash.size()});
}

absl::StatusOr<std::string> BundleInbox::Upload::Publish() {
  const std::string name = NewName();
  if (name.empty()) return absl::InternalError("the system gives no random numbers");
  absl::Status s = file_.Commit(absl::StrCat(inbox_->options_.directory, "/", name), kBundleMode);
  if (!s.ok()) return s;
  return name;
}

absl::Status CheckInboxDirectory(const std::string& directory) {
  struct stat info;
  if (lstat(directory.c_str(), &info) != 0) {
    if (errno == ENOENT) return absl::OkStatus();
    return BadDirectory(directory, strerror(errno));
  }
  if (!S_ISDIR(info.st_mode)) return BadDirectory(directory, "is no folder");
  if ((info.st_mode & S_IWOTH) != 0) return BadDirectory(directory, "anybody may write to it");
  if (access(directory.c_str(), R_OK | W_OK | X_OK) != 0) {
    return BadDirectory(directory, absl::StrCat("this user cannot use it: ", strerror(errno)));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<BundleInbox>> BundleInbox::Open(const Options& options) {
  const std::string& directory = options.directory;
  if (absl::Status s = CheckInboxDirectory(directory); !s.ok()) return s;
  if (access(directory.c_str(), F_OK) != 0) {
    absl::Status made = storage::MakeDirectories(directory, 0750);
    if (!made.ok()) return BadDirectory(directory, made.message());
    if (chmod(directory.c_str(), kDirectoryMode) != 0) {
      return BadDirectory(directory, strerror(errno));
    }
  }
  absl::StatusOr<std::vector<std::string>> names = storage::ListDirectory(directory);
  if (!names.ok()) return BadDirectory(directory, names.status().message());
  RemoveUnfinished(directory, *names);
  return std::unique_ptr<BundleInbox>(new BundleInbox(options));
}

absl::StatusOr<size_t> BundleInbox::CountWaiting() const {
  absl::StatusOr<std::vector<std::string>> names = storage::ListDirectory(options_.directory);
  if (!names.ok()) return names.status();
  return static_cast<size_t>(
      std::count_if(names->begin(), names->end(),
                    [](const std::string& name) { return trust::IsBundleFileName(name); }));
}

absl::StatusOr<std::unique_ptr<BundleInbox::Upload>> BundleInbox::Begin(uint64_t bytes) {
  if (bytes == 0)
    return absl::InvalidArgumentError("start.bytes: is 0; announce the bundle's size");
  if (bytes > options_.max_bundle_bytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat("start.bytes: ", bytes, " is more than the ", options_.max_bundle_bytes,
                     " bytes that this server takes ([updates] max_bundle_bytes)"));
  }
  absl::StatusOr<size_t> waiting = CountWaiting();
  if (!waiting.ok()) return waiting.status();
  absl::StatusOr<uint64_t> free = storage::FreeBytes(options_.directory);
  if (!free.ok()) return free.status();
  absl::MutexLock lock(&mutex_);
  if (uploads_ >= kMaxUploads) {
    return absl::ResourceExhaustedError(
        absl::StrCat(uploads_, " bundles are being uploaded already; wait for one to end"));
  }
  if (*waiting + uploads_ >= kMaxWaiting) {
    return absl::ResourceExhaustedError(absl::StrCat(
        *waiting, " bundles wait in ", options_.directory,
        " for cloister-sync: is it running, and is that folder one of its inbox_directories?"));
  }
  if (*free < reserved_ || *free - reserved_ < options_.reserve_bytes ||
      *free - reserved_ - options_.reserve_bytes < bytes) {
    return Rejected(RejectReason::kNoSpace,
                    absl::StrCat("a bundle of ", bytes, " bytes does not fit into ",
                                 options_.directory, ": ", *free, " bytes are free, of which ",
                                 options_.reserve_bytes + reserved_, " are reserved"));
  }
  absl::StatusOr<storage::TemporaryFile> file = storage::TemporaryFile::Create(options_.directory);
  if (!file.ok()) return file.status();
  ++uploads_;
  reserved_ += bytes;
  return std::make_unique<Upload>(this, *std::move(file), bytes);
}

absl::StatusOr<trust::BundleImport> BundleInbox::Outcome(absl::string_view name) const {
  const absl::Status none = absl::NotFoundError(
      absl::StrCat("name: there is no bundle \"", absl::CEscape(name),
                   "\"; ImportBundle returns the names of those that there are"));
  if (!trust::IsBundleFileName(name)) return none;
  // Looked for in this order, and the outcome twice: it appears before the bundle vanishes.
  for (bool again : {true, false}) {
    absl::StatusOr<std::string> text =
        ReadBelow(trust::BundleImportPath(options_.spool_directory, name), kMaxOutcomeBytes);
    if (text.ok()) return trust::DecodeBundleImport(*text);
    if (!absl::IsNotFound(text.status())) return text.status();
    const std::string bundle = absl::StrCat(options_.directory, "/", name);
    if (again && access(bundle.c_str(), F_OK) == 0) {
      return trust::BundleImport{.bundle = std::string(name),
                                 .sha256 = "",
                                 .state = "waiting",
                                 .finished = absl::InfinitePast(),
                                 .reason = "",
                                 .message = "",
                                 .feeds = {}};
    }
  }
  return none;
}

}  // namespace cloister::server
