#include "sync/publisher/sources/copy_folder.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "reputation/reject_reason.h"
#include "storage/files/files.h"

namespace cloister::publisher {
namespace {

using nlohmann::ordered_json;

constexpr uint64_t kMaxRecordBytes = 64 * 1024;

std::string Text(const ordered_json& record, const char* name) {
  const auto found = record.find(name);
  return found != record.end() && found->is_string() ? found->get<std::string>() : "";
}

std::optional<CopyRecord> FromJson(const ordered_json& json) {
  if (!json.is_object()) return std::nullopt;
  CopyRecord record{0,
                    Text(json, "file"),
                    Text(json, "url"),
                    {Text(json, "etag"), Text(json, "last_modified")},
                    absl::Time(),
                    Text(json, "sha256")};
  const auto number = json.find("number");
  std::string error;
  if (number == json.end() || !number->is_number_unsigned() || record.file.empty() ||
      record.file.find('/') != std::string::npos ||
      !absl::ParseTime(absl::RFC3339_full, Text(json, "fetched_at"), &record.fetched_at, &error)) {
    return std::nullopt;
  }
  record.number = number->get<uint64_t>();
  return record;
}

absl::Status Failed(absl::string_view what, const std::string& path) {
  return reputation::Rejected(reputation::RejectReason::kIoError,
                              absl::StrCat("cannot ", what, " ", path, ": ", strerror(errno)));
}

// Numbers of the folders in `path`.
std::vector<uint64_t> Numbers(const std::string& path) {
  std::vector<uint64_t> numbers;
  const absl::StatusOr<std::vector<std::string>> names = storage::ListDirectory(path);
  if (!names.ok()) return numbers;
  for (const std::string& name : *names) {
    uint64_t number = 0;
    if (absl::SimpleAtoi(name, &number) && absl::StrCat(number) == name) numbers.push_back(number);
  }
  return numbers;
}

}  // namespace

std::string CopyFolder::DirectoryOf(uint64_t number) const {
  return absl::StrCat(path_, "/", number);
}

std::string CopyFolder::PathOf(const CopyRecord& record) const {
  return absl::StrCat(DirectoryOf(record.number), "/", record.file);
}

std::optional<CopyRecord> CopyFolder::Read(absl::string_view name) const {
  const auto text = storage::ReadFile(absl::StrCat(path_, "/", name), kMaxRecordBytes);
  if (!text.ok()) return std::nullopt;
  std::optional<CopyRecord> record = FromJson(ordered_json::parse(*text, nullptr, false));
  struct stat info {};
  const bool there = record.has_value() && lstat(PathOf(*record).c_str(), &info) == 0;
  return there && S_ISREG(info.st_mode) ? record : std::nullopt;
}

absl::Status CopyFolder::Write(absl::string_view name, const CopyRecord& record) const {
  const ordered_json json = {
      {"number", record.number},
      {"file", record.file},
      {"url", record.url},
      {"etag", record.validators.etag},
      {"last_modified", record.validators.last_modified},
      {"fetched_at",
       absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", record.fetched_at, absl::UTCTimeZone())},
      {"sha256", record.digest}};
  // A tag may be any bytes; one that is no UTF-8 is altered here, and then matches nothing.
  return storage::WriteFileAtomically(
      absl::StrCat(path_, "/", name),
      json.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n");
}

absl::Status CopyFolder::Remove(absl::string_view name) const {
  const std::string path = absl::StrCat(path_, "/", name);
  if (unlink(path.c_str()) == 0) return storage::SyncDirectory(path_);
  return errno == ENOENT ? absl::OkStatus() : Failed("remove", path);
}

absl::Status CopyFolder::Accept() const {
  const std::string pending = absl::StrCat(path_, "/", kPending);
  const std::string good = absl::StrCat(path_, "/", kGood);
  if (!Pending().has_value()) return absl::OkStatus();
  if (rename(pending.c_str(), good.c_str()) != 0) return Failed("rename", pending);
  if (absl::Status s = storage::SyncDirectory(path_); !s.ok()) return s;
  Sweep();
  return absl::OkStatus();
}

absl::Status CopyFolder::Discard() const {
  absl::Status removed = Remove(kPending);
  if (removed.ok()) Sweep();
  return removed;
}

absl::Status CopyFolder::KeepOnly(absl::string_view url, absl::string_view file) const {
  for (const char* name : {kGood, kPending}) {
    const std::optional<CopyRecord> record = Read(name);
    if (record.has_value() && record->url == url && record->file == file) continue;
    if (absl::Status s = Remove(name); !s.ok()) return s;
  }
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> CopyFolder::BeginCopy() const {
  if (absl::Status s = storage::MakeDirectories(path_); !s.ok()) return s;
  Sweep();
  uint64_t number = 1;
  for (uint64_t used : Numbers(path_)) number = std::max(number, used + 1);
  absl::Status made = storage::MakeDirectories(DirectoryOf(number));
  if (!made.ok()) return made;
  return number;
}

void CopyFolder::Sweep() const {
  const std::optional<CopyRecord> good = Good();
  const std::optional<CopyRecord> pending = Pending();
  for (uint64_t number : Numbers(path_)) {
    const bool named = (good.has_value() && good->number == number) ||
                       (pending.has_value() && pending->number == number);
    std::error_code ignored;  // what cannot be removed now is tried again at the next fetch
    if (!named) std::filesystem::remove_all(DirectoryOf(number), ignored);
  }
}

}  // namespace cloister::publisher
