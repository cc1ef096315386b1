#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "reputation/reject_reason.h"
#include "storage/files/files.h"

namespace cloister::storage {
namespace {

EVP_MD_CTX* Context(void* context) { return static_cast<EVP_MD_CTX*>(context); }

// OpenSSL fails here only where memory or its default provider is missing; a wrong hash must
// never be taken for a right one.
void Require(bool done) {
  if (!done) abort();
}

}  // namespace

Sha256Stream::Sha256Stream() : context_(EVP_MD_CTX_new()) {
  Require(context_ != nullptr && EVP_DigestInit_ex(Context(context_), EVP_sha256(), nullptr) == 1);
}

Sha256Stream::~Sha256Stream() { EVP_MD_CTX_free(Context(context_)); }

void Sha256Stream::Update(absl::string_view bytes) {
  Require(EVP_DigestUpdate(Context(context_), bytes.data(), bytes.size()) == 1);
}

reputation::Sha256Bytes Sha256Stream::Finish() {
  reputation::Sha256Bytes hash;
  Require(EVP_DigestFinal_ex(Context(context_), hash.data(), nullptr) == 1);
  return hash;
}

absl::StatusOr<reputation::Sha256Bytes> Sha256OfFile(const std::string& path) {
  int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    std::string message = absl::StrCat("cannot open ", path, ": ", strerror(errno));
    if (errno == ENOENT) return absl::NotFoundError(message);
    return reputation::Rejected(reputation::RejectReason::kIoError, message);
  }
  Sha256Stream hash;
  std::string piece(1 << 20, '\0');
  ssize_t count;
  while ((count = read(fd, piece.data(), piece.size())) != 0) {
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) break;
    hash.Update(absl::string_view(piece.data(), static_cast<size_t>(count)));
  }
  int error = errno;
  close(fd);
  if (count < 0) {
    return reputation::Rejected(reputation::RejectReason::kIoError,
                                absl::StrCat("cannot read ", path, ": ", strerror(error)));
  }
  return hash.Finish();
}

}  // namespace cloister::storage
