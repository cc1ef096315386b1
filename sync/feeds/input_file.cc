#include "sync/feeds/input_file.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"

namespace cloister::feeds {
namespace {

constexpr size_t kInputBytes = 128 * 1024;

}  // namespace

InputFile::InputFile(FILE* file, std::string path)
    : file_(file, fclose), path_(std::move(path)), buffer_(kInputBytes, '\0') {}

absl::StatusOr<InputFile> InputFile::Open(const std::string& path) {
  FILE* file = fopen(path.c_str(), "rbe");
  if (file == nullptr) {
    const int error = errno;
    std::string text = absl::StrCat(path, ": ", strerror(error));
    return error == ENOENT ? absl::NotFoundError(text) : absl::FailedPreconditionError(text);
  }
  return InputFile(file, path);
}

absl::Status InputFile::Fill() {
  if (position_ < size_) return absl::OkStatus();
  position_ = 0;
  size_ = fread(buffer_.data(), 1, buffer_.size(), file_.get());
  bytes_read_ += size_;
  if (size_ == 0 && ferror(file_.get()) != 0) {
    return absl::DataLossError(absl::StrCat(path_, ": reading failed: ", strerror(errno)));
  }
  return absl::OkStatus();
}

}  // namespace cloister::feeds
