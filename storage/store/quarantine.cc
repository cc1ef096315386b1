#include "storage/store/quarantine.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "reputation/reject_reason.h"
#include "storage/files/files.h"

namespace cloister::storage {
namespace {

constexpr size_t kNumberDigits = 10;

uint64_t BytesOf(const std::string& path) {
  struct stat info;
  return lstat(path.c_str(), &info) == 0 ? static_cast<uint64_t>(info.st_size) : 0;
}

// The number after that of the newest file. `names` are sorted, and so by number.
uint64_t NextNumber(const std::vector<std::string>& names) {
  uint64_t number = 0;
  if (names.empty()) return 1;
  const std::string digits = names.back().substr(0, kNumberDigits);
  return absl::SimpleAtoi(digits, &number) ? number + 1 : 1;
}

// Removes the oldest of `names` until `room_bytes` more fit.
void MakeRoom(const std::string& directory, const std::vector<std::string>& names,
              uint64_t room_bytes) {
  size_t files = names.size() + 1;
  uint64_t bytes = room_bytes;
  for (const std::string& name : names) bytes += BytesOf(absl::StrCat(directory, "/", name));
  for (const std::string& name : names) {
    if (files <= kMaxQuarantinedPacks && bytes <= kMaxQuarantinedBytes) return;
    const std::string path = absl::StrCat(directory, "/", name);
    bytes -= BytesOf(path);
    --files;
    unlink(path.c_str());
  }
}

}  // namespace

absl::Status QuarantinePack(const PackDirectory& packs, const std::string& directory,
                            absl::string_view sha256_hex) {
  if (absl::Status s = MakeDirectories(directory); !s.ok()) return s;
  absl::StatusOr<std::vector<std::string>> names = ListDirectory(directory);
  if (!names.ok()) return names.status();
  const std::string from = packs.PathOf(sha256_hex);
  MakeRoom(directory, *names, BytesOf(from));
  const std::string to = absl::StrCat(directory, "/", absl::StrFormat("%010d", NextNumber(*names)),
                                      "-", sha256_hex, ".sst");
  if (rename(from.c_str(), to.c_str()) != 0 && errno != ENOENT) {
    return reputation::Rejected(
        reputation::RejectReason::kIoError,
        absl::StrCat("cannot move ", from, " to ", to, ": ", strerror(errno)));
  }
  if (absl::Status s = SyncDirectory(directory); !s.ok()) return s;
  return SyncDirectory(packs.path());
}

}  // namespace cloister::storage
