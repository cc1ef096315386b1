#include "storage/store/version_manifests.h"

#include <unistd.h>

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "reputation/digest.h"
#include "storage/files/files.h"

namespace cloister::storage {
namespace {

constexpr char kMagic[] = "cloister-version 1\n";
constexpr char kSuffix[] = ".version";
constexpr char kTemporaryPrefix[] = ".tmp-";  // as TemporaryFile names them
constexpr size_t kHashBytes = 32;
constexpr uint64_t kMaxBytes = 1 << 20;

std::string HashOf(absl::string_view bytes) {
  const reputation::Sha256Bytes hash = reputation::Sha256(bytes);
  return std::string(hash.begin(), hash.end());
}

std::string NameOf(const StoredVersion& version) {
  return absl::StrCat(version.served.feed, ".", absl::StrFormat("%020d", version.served.version),
                      kSuffix);
}

std::string ContentsOf(const StoredVersion& version) {
  const std::string body = EncodeVersion(version);
  return absl::StrCat(kMagic, HashOf(body), body);
}

absl::StatusOr<StoredVersion> Parse(absl::string_view contents) {
  if (!absl::ConsumePrefix(&contents, kMagic) || contents.size() < kHashBytes ||
      contents.substr(0, kHashBytes) != HashOf(contents.substr(kHashBytes))) {
    return absl::DataLossError("not the record of a version");
  }
  return DecodeVersion(contents.substr(kHashBytes));
}

}  // namespace

absl::Status VersionManifests::Write(const StoredVersion& version) const {
  return WriteFileAtomically(absl::StrCat(directory_, "/", NameOf(version)), ContentsOf(version));
}

void VersionManifests::Remove(const StoredVersion& version) const {
  unlink(absl::StrCat(directory_, "/", NameOf(version)).c_str());
}

absl::StatusOr<std::vector<StoredVersion>> VersionManifests::ReadAll() const {
  absl::StatusOr<std::vector<std::string>> names = ListDirectory(directory_);
  if (!names.ok()) return names.status();
  std::vector<StoredVersion> versions;
  for (const std::string& name : *names) {
    if (!absl::EndsWith(name, kSuffix)) continue;
    absl::StatusOr<std::string> contents = ReadFile(absl::StrCat(directory_, "/", name), kMaxBytes);
    if (!contents.ok()) continue;
    absl::StatusOr<StoredVersion> version = Parse(*contents);
    if (version.ok() && NameOf(*version) == name) versions.push_back(*std::move(version));
  }
  return versions;
}

absl::Status VersionManifests::Reconcile(const std::vector<StoredVersion>& versions) const {
  absl::StatusOr<std::vector<std::string>> names = ListDirectory(directory_);
  if (!names.ok()) return names.status();
  std::set<std::string> wanted;
  for (const StoredVersion& version : versions) {
    wanted.insert(NameOf(version));
    absl::StatusOr<std::string> contents =
        ReadFile(absl::StrCat(directory_, "/", NameOf(version)), kMaxBytes);
    if (contents.ok() && *contents == ContentsOf(version)) continue;
    if (absl::Status s = Write(version); !s.ok()) return s;
  }
  for (const std::string& name : *names) {
    const bool ours = absl::EndsWith(name, kSuffix) || absl::StartsWith(name, kTemporaryPrefix);
    if (ours && wanted.count(name) == 0) unlink(absl::StrCat(directory_, "/", name).c_str());
  }
  return SyncDirectory(directory_);
}

}  // namespace cloister::storage
