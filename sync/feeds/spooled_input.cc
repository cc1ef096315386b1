#include "sync/feeds/spooled_input.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "sync/feeds/input_file.h"

namespace cloister::feeds {
namespace {

bool CanBeReadOnceOnly(const std::string& path) {
  struct stat found {};
  return stat(path.c_str(), &found) == 0 &&
         (S_ISFIFO(found.st_mode) || S_ISCHR(found.st_mode) || S_ISSOCK(found.st_mode));
}

int NewFileWithoutAName() {
  const char* folder = getenv("TMPDIR");
  return open(folder != nullptr && *folder != '\0' ? folder : "/tmp",
              O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
}

absl::Status CannotSpool(const std::string& path) {
  return absl::ResourceExhaustedError(
      absl::StrCat(path,
                   ": what comes through a pipe is kept in TMPDIR while it is read, and that "
                   "failed: ",
                   strerror(errno), "; make room there, or name a file"));
}

absl::Status Append(int file, absl::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return CannotSpool(path);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

}  // namespace

SpooledInput::~SpooledInput() {
  if (file_ >= 0) close(file_);
}

absl::StatusOr<std::string> SpooledInput::Path() {
  if (file_ < 0 && status_.ok() && CanBeReadOnceOnly(path_)) status_ = Spool();
  if (!status_.ok()) return status_;
  return file_ < 0 ? path_ : absl::StrCat("/proc/self/fd/", file_);
}

absl::Status SpooledInput::Spool() {
  absl::StatusOr<InputFile> input = InputFile::Open(path_);
  if (!input.ok()) return input.status();
  file_ = NewFileWithoutAName();
  if (file_ < 0) return CannotSpool(path_);
  while (true) {
    if (absl::Status filled = input->Fill(); !filled.ok()) return filled;
    if (input->pending().empty()) return absl::OkStatus();
    if (absl::Status s = Append(file_, input->pending(), path_); !s.ok()) return s;
    input->Consume(input->pending().size());
  }
}

}  // namespace cloister::feeds
