#include "storage/store/pack_directory.h"

#include <sys/stat.h>
#include <unistd.h>

#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "storage/files/files.h"

namespace cloister::storage {
namespace {

constexpr size_t kHexDigits = 64;
constexpr char kSuffix[] = ".sst";
constexpr char kTemporaryPrefix[] = ".tmp-";  // as TemporaryFile names them

}  // namespace

bool PackDirectory::IsName(absl::string_view text) {
  return text.size() == kHexDigits &&
         text.find_first_not_of("0123456789abcdef") == absl::string_view::npos;
}

std::string PackDirectory::PathOf(absl::string_view sha256_hex) const {
  return absl::StrCat(path_, "/", sha256_hex, kSuffix);
}

uint64_t PackDirectory::SizeOf(absl::string_view sha256_hex) const {
  struct stat info;
  if (!IsName(sha256_hex) || lstat(PathOf(sha256_hex).c_str(), &info) != 0) return 0;
  return S_ISREG(info.st_mode) ? static_cast<uint64_t>(info.st_size) : 0;
}

void PackDirectory::Remove(absl::string_view sha256_hex) const {
  if (IsName(sha256_hex)) unlink(PathOf(sha256_hex).c_str());
}

absl::Status PackDirectory::RemoveUnreferenced(const std::set<std::string>& referenced,
                                               bool keep_packs) const {
  absl::StatusOr<std::vector<std::string>> names = ListDirectory(path_);
  if (!names.ok()) return names.status();
  for (const std::string& name : *names) {
    absl::string_view pack = name;
    bool is_pack = absl::ConsumeSuffix(&pack, kSuffix) && IsName(pack);
    bool unwanted_pack = is_pack && !keep_packs && referenced.count(std::string(pack)) == 0;
    if (unwanted_pack || absl::StartsWith(name, kTemporaryPrefix)) {
      unlink(absl::StrCat(path_, "/", name).c_str());
    }
  }
  return SyncDirectory(path_);
}

}  // namespace cloister::storage
