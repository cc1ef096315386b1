#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "storage/files/files.h"
#include "sync/publisher/sources/copy_folder.h"
#include "sync/publisher/sources/misp_events.h"
#include "sync/publisher/sources/web_client.h"
#include "sync/publisher/sources/web_source.h"

namespace cloister::publisher {
namespace {

// A source's name is a folder's here.
absl::Status CheckName(absl::string_view name) {
  constexpr size_t kMaxLength = 64;
  const bool plain = absl::c_all_of(name, [](unsigned char c) {
    return absl::ascii_isalnum(c) || c == '-' || c == '_' || c == '.';
  });
  if (plain && !name.empty() && name[0] != '.' && name.size() <= kMaxLength) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("\"", absl::CHexEscape(name), "\" cannot be the name of a source"));
}

FetchedCopy Found(const CopyFolder& folder, const CopyRecord& record, bool changed) {
  return {folder.PathOf(record), changed, record.fetched_at, record.digest};
}

// One fetch, once the lock is held.
class Fetching {
 public:
  Fetching(std::string folder, const WebSource& source, bool manifest)
      : folder_(std::move(folder)),
        source_(source),
        file_(manifest ? kMispManifest : "copy"),
        manifest_(manifest) {}

  absl::StatusOr<FetchedCopy> Run(int stop_fd, absl::Time now, const FetchProgress& progress) {
    if (absl::Status s = folder_.KeepOnly(source_.url, file_); !s.ok()) return s;
    absl::StatusOr<std::unique_ptr<WebClient>> client = WebClient::Create(source_, stop_fd);
    if (!client.ok()) return client.status();
    absl::StatusOr<FetchedCopy> fetched = Bring(**client, now, progress);
    folder_.Sweep();
    return fetched;
  }

 private:
  absl::StatusOr<FetchedCopy> Bring(WebClient& client, absl::Time now,
                                    const FetchProgress& progress) {
    std::optional<CopyRecord> newest = folder_.Pending();
    const bool pending = newest.has_value();
    if (!pending) newest = folder_.Good();
    CopyRecord record{0, file_, source_.url, {}, now, ""};
    absl::StatusOr<uint64_t> number = folder_.BeginCopy();
    if (!number.ok()) return number.status();
    record.number = *number;

    absl::StatusOr<WebAnswer> answer =
        Download(client, newest ? newest->validators : Validators(), progress, &record);
    if (!answer.ok()) return answer.status();
    if (answer->not_modified) {
      newest->fetched_at = now;
      return Keep(*newest, pending);
    }
    record.validators = answer->validators;
    const std::optional<CopyRecord> good = folder_.Good();
    if (good.has_value() && good->digest == record.digest) return Again(*good, record);
    if (manifest_) {
      const uint64_t max_bytes = source_.max_bytes;
      absl::Status brought = BringMispEvents(
          {source_.url, folder_.DirectoryOf(record.number),
           newest.has_value() ? folder_.DirectoryOf(newest->number) : "", max_bytes},
          client, progress);
      if (!brought.ok()) return brought;
    }
    return Keep(record, /*pending=*/true);
  }

  absl::StatusOr<WebAnswer> Download(WebClient& client, const Validators& known,
                                     const FetchProgress& progress, CopyRecord* record) {
    absl::StatusOr<storage::TemporaryFile> file =
        storage::TemporaryFile::Create(folder_.DirectoryOf(record->number));
    if (!file.ok()) return file.status();
    storage::Sha256Stream hash;
    WebRequest request;
    request.url = source_.url;
    request.known = known;
    request.max_bytes =
        manifest_ ? std::min(source_.max_bytes, kMaxManifestBytes) : source_.max_bytes;
    request.progress = progress;
    request.sink = [&](absl::string_view bytes) {
      hash.Update(bytes);
      return file->Append(bytes);
    };
    absl::StatusOr<WebAnswer> answer = client.Get(std::move(request));
    if (!answer.ok() || answer->not_modified) return answer;
    const reputation::Sha256Bytes digest = hash.Finish();
    record->digest = absl::BytesToHexString(
        absl::string_view(reinterpret_cast<const char*>(digest.data()), digest.size()));
    if (absl::Status s = file->Commit(folder_.PathOf(*record)); !s.ok()) return s;
    return answer;
  }

  // The server sent what the good copy is already; a copy that waits is no longer what it offers.
  absl::StatusOr<FetchedCopy> Again(CopyRecord good, const CopyRecord& sent) {
    if (absl::Status s = folder_.Discard(); !s.ok()) return s;
    good.validators = sent.validators;
    good.fetched_at = sent.fetched_at;
    return Keep(good, /*pending=*/false);
  }

  absl::StatusOr<FetchedCopy> Keep(const CopyRecord& record, bool pending) {
    absl::Status kept = pending ? folder_.SetPending(record) : folder_.SetGood(record);
    if (!kept.ok()) return kept;
    return Found(folder_, record, pending);
  }

  CopyFolder folder_;
  const WebSource& source_;
  const std::string file_;
  const bool manifest_;
};

}  // namespace

SourceCopies::~SourceCopies() { Release(); }

void SourceCopies::Release() {
  if (lock_fd_ >= 0) close(lock_fd_);
  lock_fd_ = -1;
}

absl::Status SourceCopies::Lock() {
  if (lock_fd_ >= 0) return absl::OkStatus();
  if (absl::Status s = storage::MakeDirectories(directory_); !s.ok()) return s;
  const std::string path = absl::StrCat(directory_, "/.lock");
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) {
    return absl::FailedPreconditionError(absl::StrCat("cannot open ", path, ": ", strerror(errno)));
  }
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    close(fd);
    return absl::FailedPreconditionError(absl::StrCat("another cloister-publish is working with ",
                                                      directory_, "; wait until it has ended"));
  }
  lock_fd_ = fd;
  return absl::OkStatus();
}

absl::StatusOr<FetchedCopy> SourceCopies::Fetch(const std::string& name, const std::string& format,
                                                const WebSource& source, absl::Time now,
                                                const FetchProgress& progress) {
  if (absl::Status s = CheckName(name); !s.ok()) return s;
  if (absl::Status s = Lock(); !s.ok()) return s;
  return Fetching(absl::StrCat(directory_, "/", name), source, IsMispManifest(format, source.url))
      .Run(stop_fd_, now, progress);
}

absl::Status SourceCopies::Accept(const std::string& name) {
  if (absl::Status s = CheckName(name); !s.ok()) return s;
  if (absl::Status s = Lock(); !s.ok()) return s;
  return CopyFolder(absl::StrCat(directory_, "/", name)).Accept();
}

absl::Status SourceCopies::Discard(const std::string& name) {
  if (absl::Status s = CheckName(name); !s.ok()) return s;
  if (absl::Status s = Lock(); !s.ok()) return s;
  return CopyFolder(absl::StrCat(directory_, "/", name)).Discard();
}

absl::StatusOr<FetchedCopy> SourceCopies::Newest(const std::string& name) const {
  if (absl::Status s = CheckName(name); !s.ok()) return s;
  const CopyFolder folder(absl::StrCat(directory_, "/", name));
  const std::optional<CopyRecord> pending = folder.Pending();
  if (pending.has_value()) return Found(folder, *pending, /*changed=*/true);
  return Last(name);
}

absl::StatusOr<FetchedCopy> SourceCopies::Last(const std::string& name) const {
  if (absl::Status s = CheckName(name); !s.ok()) return s;
  const CopyFolder folder(absl::StrCat(directory_, "/", name));
  const std::optional<CopyRecord> good = folder.Good();
  if (good.has_value()) return Found(folder, *good, /*changed=*/false);
  return absl::NotFoundError(absl::StrCat("no good copy of ", name, " is kept"));
}

}  // namespace cloister::publisher
